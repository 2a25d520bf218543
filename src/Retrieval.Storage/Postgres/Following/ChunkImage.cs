namespace Retrieval.Storage.Postgres.Following;

/// <summary>One image of a chunk without its tensors.</summary>
internal sealed record ChunkImage(long RowNo, string Id, byte[] ContentHash, byte[] Metadata, float[] Boxes, int Captions)
{
    /// <summary>Position of its first caption in the chunk.</summary>
    public int FirstCaption { get; init; }
}
