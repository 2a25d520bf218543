using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Ingestion;

/// <summary>Every row of a source was refused: it is not the kind of file it was taken for, or was made for another model. The refused rows are listed.</summary>
/// <param name="source">The source's name.</param>
/// <param name="rows">How many rows were refused, by this run and those before it.</param>
/// <param name="report">What the run did; null where it is not known here.</param>
public sealed class SourceRefusedException(string source, long rows, IngestionReport? report)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"{source}: every one of its {rows} rows was refused, and nothing was stored{First(report)}"))
{
    /// <summary>What the run did.</summary>
    public IngestionReport? Report { get; } = report;

    private static string First(IngestionReport? report) =>
        report is { FirstRejects: [var first, ..] } ? string.Create(CultureInfo.InvariantCulture, $"; the first, row {first.Row}: {first.Reason}") : "";
}
