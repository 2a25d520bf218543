namespace Retrieval.Cli.Output;

/// <summary>How a result is written.</summary>
internal enum ResultFormat
{
    /// <summary>Tables for a terminal.</summary>
    Tables,

    /// <summary>The same tables as Markdown.</summary>
    Markdown,

    /// <summary>One JSON document.</summary>
    Json,
}
