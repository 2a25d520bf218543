namespace Retrieval.Storage.Local.Files;

/// <summary>What one row of an index file belongs to.</summary>
internal enum RowCounter
{
    /// <summary>One row an image.</summary>
    Images,

    /// <summary>One row a ragged row of an image.</summary>
    ImageRaggedRows,

    /// <summary>One row a caption.</summary>
    Captions,

    /// <summary>One row a ragged row of a caption.</summary>
    CaptionRaggedRows,

    /// <summary>One row a tombstoned image.</summary>
    Tombstones,

    /// <summary>Bytes of variable length; a file of ends says where each item's bytes end.</summary>
    Bytes,
}
