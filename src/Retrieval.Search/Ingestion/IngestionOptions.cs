using Retrieval.Domain.Images;

namespace Retrieval.Search.Ingestion;

/// <summary>How a source is ingested.</summary>
public sealed record IngestionOptions
{
    internal const int MostBatchRows = 4096;

    /// <summary>
    /// Names the source in the index's ledger, so that a second run goes on where the first one ended. The same source
    /// must always have the same key, e.g. its full path.
    /// </summary>
    public required string SourceKey { get; init; }

    /// <summary>Rows of the source that are read, encoded and stored together, 1 to 4096. A run that is resumed keeps to the number it began with.</summary>
    public int BatchRows { get; init; } = 32;

    /// <summary>
    /// Rows after which a commit is made: what a kill can cost to do again. A commit waits for the disk, so a small
    /// number is slow.
    /// </summary>
    public int CommitRows { get; init; } = 1024;

    /// <summary>What may be stored of an image; a row that brings more is refused.</summary>
    public ImageBounds Bounds { get; init; } = ImageBounds.Default;

    /// <summary>Read the source from its first row, whatever the ledger says. Images that are unchanged are still skipped.</summary>
    public bool Restart { get; init; }

    /// <summary>
    /// Whether an image takes the place of one that another source wrote under the same id. Otherwise it is refused; a
    /// source may always replace its own.
    /// </summary>
    public bool Replace { get; init; }

    /// <summary>
    /// Which part of the source this run stores, from 0. Parts are contiguous ranges of whole windows, so that all of them
    /// together store what one run would.
    /// </summary>
    public int Part { get; init; }

    /// <summary>Parts the source is cut into, from 1; more than one only for the catalog, where several workers may write at once.</summary>
    public int Parts { get; init; } = 1;
}
