using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// A source has no rows, or every one was rejected: the file is of another kind, or was made for another model. The rejected rows are listed.
/// </summary>
/// <param name="source">The source's name.</param>
/// <param name="rows">Number of rows rejected by this run and earlier ones.</param>
/// <param name="report">What the run did; null if it is not known here.</param>
public sealed class SourceRefusedException(string source, long rows, IngestionReport? report)
    : RetrievalException(rows == 0 ? $"{source}: it has no images, and nothing was stored" : string.Create(CultureInfo.InvariantCulture, $"{source}: every one of its {rows} rows was refused, and nothing was stored{First(report)}"))
{
    /// <summary>What the run did.</summary>
    public IngestionReport? Report { get; } = report;

    private static string First(IngestionReport? report) =>
        report is { FirstRejects: [var first, ..] } ? string.Create(CultureInfo.InvariantCulture, $"; the first, row {first.Row}: {first.Reason}")
        : report is { ResumedAtRow: > 0 } ? "; an earlier run has listed why, and one from the first row on (--restart, over HTTP \"restart\": true) lists it again" : "";
}
