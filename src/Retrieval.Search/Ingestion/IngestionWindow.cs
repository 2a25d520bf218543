using Retrieval.Features.Sources;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>One window of a source, ready to be stored.</summary>
/// <param name="EndRow">Row of the source behind the window's last.</param>
/// <param name="Rows">Its new rows; null if there are none.</param>
/// <param name="Skipped">Its rows that the index holds unchanged.</param>
/// <param name="Rejects">Its rows that cannot be used.</param>
public sealed record IngestionWindow(long EndRow, ImageRows? Rows, int Skipped, IReadOnlyList<RejectedSample> Rejects)
{
    /// <summary>The source's row of each image in <see cref="Rows"/>.</summary>
    public IReadOnlyList<long> RowNumbers { get; init; } = [];
}
