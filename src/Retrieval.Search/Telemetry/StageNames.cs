namespace Retrieval.Search.Telemetry;

/// <summary>The stages of a query, in the order they run; names in metrics and in <c>Server-Timing</c>.</summary>
public static class StageNames
{
    /// <summary>Caption to token ids.</summary>
    public const string Tokenize = "tokenize";

    /// <summary>Waiting for the device.</summary>
    public const string Queue = "queue";

    /// <summary>Token ids, or region features of a query, to record and embedding.</summary>
    public const string Encode = "encode";

    /// <summary>Coarse candidates.</summary>
    public const string Shortlist = "shortlist";

    /// <summary>Scoring the candidates.</summary>
    public const string Score = "score";

    /// <summary>Explaining a pair.</summary>
    public const string Explain = "explain";

    /// <summary>Ordering, attributes, hits.</summary>
    public const string Assemble = "assemble";
}
