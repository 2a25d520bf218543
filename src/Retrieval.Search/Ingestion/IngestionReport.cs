using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>What an ingestion did.</summary>
/// <param name="Progress">The final counts.</param>
/// <param name="ResumedAtRow">The row this run began at: 0, or where an earlier run ended.</param>
/// <param name="Generation">The index's generation afterwards, or its epoch in the catalog; null for a dry run.</param>
/// <param name="RejectsFile">Where the refused rows are listed; null for a dry run, and for the catalog, which lists them itself.</param>
/// <param name="FirstRejects">The first refused rows of this run.</param>
public sealed record IngestionReport(
    IngestionProgress Progress,
    long ResumedAtRow,
    long? Generation,
    string? RejectsFile,
    IReadOnlyList<RejectedSample> FirstRejects)
{
    /// <summary>What was done at the end; null for a dry run.</summary>
    public IngestionEnd? End { get; init; }
}
