using Retrieval.Features.Sources;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>One window of a source, ready to be stored.</summary>
/// <param name="EndRow">Exclusive end row of the window in the source.</param>
/// <param name="Rows">Its new rows; null if there are none.</param>
/// <param name="Skipped">Number of its rows that the index already holds unchanged.</param>
/// <param name="Rejects">Its rows that cannot be used.</param>
public sealed record IngestionWindow(long EndRow, ImageRows? Rows, int Skipped, IReadOnlyList<RejectedSample> Rejects)
{
    /// <summary>The source row number of each image in <see cref="Rows"/>.</summary>
    public IReadOnlyList<long> RowNumbers { get; init; } = [];
}
