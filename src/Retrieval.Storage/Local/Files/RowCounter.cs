namespace Retrieval.Storage.Local.Files;

/// <summary>What one row of an index file belongs to.</summary>
internal enum RowCounter
{
    /// <summary>One row per image.</summary>
    Images,

    /// <summary>One row per ragged row of an image.</summary>
    ImageRaggedRows,

    /// <summary>One row per caption.</summary>
    Captions,

    /// <summary>One row per ragged row of a caption.</summary>
    CaptionRaggedRows,

    /// <summary>One row per tombstoned image.</summary>
    Tombstones,

    /// <summary>Bytes of variable length; a file of ends gives the end of each item's bytes.</summary>
    Bytes,
}
