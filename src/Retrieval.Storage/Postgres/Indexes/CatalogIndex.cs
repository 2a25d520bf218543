using Retrieval.Storage.Local;

namespace Retrieval.Storage.Postgres.Indexes;

/// <summary>One index of the catalog.</summary>
/// <param name="CatalogId">The database that holds it.</param>
/// <param name="IndexId">Its number in that database, never reused.</param>
/// <param name="Name">Its name, e.g. <c>blue</c>.</param>
/// <param name="Schema">Bundle and fields.</param>
/// <param name="Epoch">Number of its last change when this was read.</param>
/// <param name="PurgedEpoch">Tombstones up to this epoch are removed; a follower behind this epoch starts from the beginning.</param>
/// <param name="Active">Whether replicas serve it.</param>
public sealed record CatalogIndex(Guid CatalogId, int IndexId, string Name, IndexSchema Schema, long Epoch, long PurgedEpoch, bool Active)
{
    /// <summary>
    /// Token of its last change; null if nothing ever changed. A database that was restored to an earlier state reuses epochs,
    /// but never tokens.
    /// </summary>
    public Guid? Token { get; init; }

    /// <summary>Whether this was read from a standby, which may lag behind what others have seen.</summary>
    public bool FromStandby { get; init; }
}
