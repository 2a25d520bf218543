namespace Retrieval.Storage.Postgres.Following;

/// <summary>A place in the order in which images are fetched: by epoch, and within one by row number.</summary>
internal readonly record struct RowKey(long Epoch, long RowNo)
{
    /// <summary>Behind all images of an epoch.</summary>
    public static RowKey EndOf(long epoch) => new(epoch, long.MaxValue);

    /// <summary>Whether no image of its epoch lies behind it.</summary>
    public bool EndsEpoch => RowNo == long.MaxValue;
}
