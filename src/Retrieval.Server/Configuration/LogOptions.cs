namespace Retrieval.Server.Configuration;

/// <summary>What is logged, and how. Captions, vectors and keys never are.</summary>
public sealed record LogOptions
{
    /// <summary>Least level: <c>Verbose</c>, <c>Debug</c>, <c>Information</c>, <c>Warning</c>, <c>Error</c> or <c>Fatal</c>.</summary>
    public string Level { get; init; } = "Information";

    /// <summary><c>text</c>, one line an event, or <c>json</c>, one object a line.</summary>
    public string Format { get; init; } = "text";

    /// <summary>Levels of single sources, by the beginning of their name, e.g. <c>Microsoft.AspNetCore</c>: <c>Debug</c>.</summary>
    public IReadOnlyDictionary<string, string> Levels { get; init; } = new Dictionary<string, string>();
}
