using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// A source has no rows, or every one was rejected: the file is of another kind, or was made for another model. The rejected rows are listed.
/// </summary>
/// <param name="source">The source's name.</param>
/// <param name="rejects">Rejects of this run and earlier ones: rows, and places of caption files that are of no row.</param>
/// <param name="report">What the run did; null if it is not known here.</param>
public sealed class SourceRefusedException(string source, long rejects, IngestionReport? report)
    : RetrievalException(rejects == 0 ? $"{source}: it has no images, and nothing was stored" : $"{source}: every row of it was refused ({Counted.Of(rejects, "reject")}), and nothing was stored{First(report)}")
{
    /// <summary>What the run did.</summary>
    public IngestionReport? Report { get; } = report;

    private static string First(IngestionReport? report) =>
        report is { FirstRejects: [var first, ..] } ? string.Create(CultureInfo.InvariantCulture, $"; the first, row {first.Row}: {first.Reason}")
        : report is { ResumedAtRow: > 0 } ? "; an earlier run has listed why, and one from the first row on (--restart, over HTTP \"restart\": true) lists it again" : "";
}
