using Retrieval.Domain.Images;

namespace Retrieval.Search.Ingestion;

/// <summary>How a source is ingested.</summary>
public sealed record IngestionOptions
{
    /// <summary>Maximum of <see cref="BatchRows"/>.</summary>
    public const int MostBatchRows = 4096;

    /// <summary>
    /// Names the source in the index's checkpoints, so that a second run resumes where the first one ended. The same source
    /// must always have the same key, e.g. its full path.
    /// </summary>
    public required string SourceKey { get; init; }

    /// <summary>
    /// Rows of the source that are read, encoded and stored together, 1 to <see cref="MostBatchRows"/>. A resumed run keeps its original number.
    /// </summary>
    public int BatchRows { get; init; } = 32;

    /// <summary>
    /// Rows between commits: the most that has to be repeated after a kill. A commit waits for the disk, so a small number is
    /// slow.
    /// </summary>
    public int CommitRows { get; init; } = 1024;

    /// <summary>What may be stored of an image; a row that exceeds this is rejected.</summary>
    public ImageBounds Bounds { get; init; } = ImageBounds.Default;

    /// <summary>Reads the source from its first row, whatever its checkpoint says. Unchanged images are still skipped.</summary>
    public bool Restart { get; init; }

    /// <summary>
    /// Whether an image replaces one that another source wrote under the same id. Otherwise it is rejected; a source may
    /// always replace its own images.
    /// </summary>
    public bool Replace { get; init; }

    /// <summary>
    /// Which part of the source this run stores, from 0. Parts are contiguous ranges of whole windows, so all parts together
    /// store what a single run would.
    /// </summary>
    public int Part { get; init; }

    /// <summary>
    /// Number of parts the source is cut into, from 1; more than one only for the catalog, where several workers may write at once.
    /// </summary>
    public int Parts { get; init; } = 1;
}
