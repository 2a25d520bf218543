using Retrieval.Storage.Local;

namespace Retrieval.Storage.Postgres.Indexes;

/// <summary>One index of the catalog.</summary>
/// <param name="CatalogId">The database it is in.</param>
/// <param name="IndexId">Its number there, never used twice.</param>
/// <param name="Name">Its name, e.g. <c>blue</c>.</param>
/// <param name="Schema">Bundle and fields.</param>
/// <param name="Epoch">Number of its last change when this was read.</param>
/// <param name="PurgedEpoch">Tombstones up to here are gone; a follower behind it begins anew.</param>
/// <param name="Active">Whether replicas serve it.</param>
public sealed record CatalogIndex(Guid CatalogId, int IndexId, string Name, IndexSchema Schema, long Epoch, long PurgedEpoch, bool Active)
{
    /// <summary>Token of its last change: a database that was set back uses epochs again, but never tokens. Null if nothing ever changed.</summary>
    public Guid? Token { get; init; }

    /// <summary>Whether this was read from a standby, which may be behind what others have seen.</summary>
    public bool FromStandby { get; init; }
}
