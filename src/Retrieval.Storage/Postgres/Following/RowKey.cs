namespace Retrieval.Storage.Postgres.Following;

/// <summary>A position in the order in which images are fetched: by epoch, and within an epoch by row number.</summary>
internal readonly record struct RowKey(long Epoch, long RowNo)
{
    /// <summary>The position after all images of an epoch.</summary>
    public static RowKey EndOf(long epoch) => new(epoch, long.MaxValue);

    /// <summary>Whether no image of its epoch comes after it.</summary>
    public bool EndsEpoch => RowNo == long.MaxValue;
}
