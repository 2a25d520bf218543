using Retrieval.Features.Sources;
using Retrieval.Features.Statistics;

namespace Retrieval.Search.Ingestion;

/// <summary>What an ingestion did.</summary>
/// <param name="Progress">The final counts.</param>
/// <param name="ResumedAtRow">The row where this run began: 0, or where an earlier run ended.</param>
/// <param name="Generation">The index's generation after the run, or its epoch in the catalog; null for a dry run.</param>
/// <param name="RejectsFile">File that lists the rejected rows; null for a dry run, and for the catalog, which lists them itself.</param>
/// <param name="FirstRejects">The first rejected rows of this run.</param>
public sealed record IngestionReport(
    IngestionProgress Progress,
    long ResumedAtRow,
    long? Generation,
    string? RejectsFile,
    IReadOnlyList<RejectedSample> FirstRejects)
{
    /// <summary>The rejects of this run by reason, the most frequent first.</summary>
    public IReadOnlyList<RejectReason> Reasons { get; init; } = [];

    /// <summary>How the features differ from those that the model learned from, where they differ most; null if no image was read or the bundle does not say what those were like.</summary>
    public FeatureDifference? Features { get; init; }

    /// <summary>What was done at the end; null for a dry run.</summary>
    public IngestionEnd? End { get; init; }
}
