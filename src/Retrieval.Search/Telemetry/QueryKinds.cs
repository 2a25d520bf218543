namespace Retrieval.Search.Telemetry;

/// <summary>Kinds of queries: names in metrics.</summary>
public static class QueryKinds
{
    /// <summary>A search for images.</summary>
    public const string Images = "images";

    /// <summary>A search for captions.</summary>
    public const string Captions = "captions";

    /// <summary>A search for images that are like an image.</summary>
    public const string Similar = "similar";

    /// <summary>Scores of given pairs.</summary>
    public const string Score = "score";

    /// <summary>One pair, explained.</summary>
    public const string Explain = "explain";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Images, Captions, Similar, Score, Explain];
}
