using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Consecutive rows of a source, starting at the checkpoint's next row. They are stored in one transaction or not at all.
/// </summary>
/// <param name="EndRow">Exclusive end row; greater than the checkpoint's next row.</param>
/// <param name="Rows">The images to store; null if none are left. Its memory is read until the call returns.</param>
/// <param name="Skipped">Rows left out because the index holds the same content.</param>
/// <param name="Rejects">Rows refused so far.</param>
/// <param name="Replace">Whether an image may replace one that another source wrote.</param>
public sealed record IngestionBatch(long EndRow, ImageRows? Rows, int Skipped, IReadOnlyList<CatalogReject> Rejects, bool Replace)
{
    /// <summary>Name of the source in rejects that the catalog creates; null: its key.</summary>
    public string? SourceName { get; init; }

    /// <summary>
    /// The source's row of each image in <see cref="Rows"/>, for rejects that the catalog creates. If empty, they name the
    /// batch's first row.
    /// </summary>
    public IReadOnlyList<long> RowNumbers { get; init; } = [];
}
