namespace Retrieval.Storage.Local.Files;

/// <summary>Committed rows, tombstoned ones included.</summary>
/// <param name="Images">Slots of images.</param>
/// <param name="ImageRaggedRows">Rows of each ragged image field.</param>
/// <param name="Captions">Slots of captions.</param>
/// <param name="CaptionRaggedRows">Rows of each ragged caption field.</param>
/// <param name="Tombstones">Tombstoned images.</param>
internal sealed record RowCounts(long Images, long ImageRaggedRows, long Captions, long CaptionRaggedRows, long Tombstones)
{
    public static RowCounts None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>Whether no count is greater than in <paramref name="later"/>.</summary>
    public bool IsWithin(RowCounts later) =>
        Images <= later.Images && ImageRaggedRows <= later.ImageRaggedRows && Captions <= later.Captions && CaptionRaggedRows <= later.CaptionRaggedRows
        && Tombstones <= later.Tombstones;

    /// <summary>Rows of a file that counts <paramref name="counter"/>; null for bytes of variable length.</summary>
    public long? Of(RowCounter counter) => counter switch
    {
        RowCounter.Images => Images,
        RowCounter.ImageRaggedRows => ImageRaggedRows,
        RowCounter.Captions => Captions,
        RowCounter.CaptionRaggedRows => CaptionRaggedRows,
        RowCounter.Tombstones => Tombstones,
        _ => null,
    };
}
