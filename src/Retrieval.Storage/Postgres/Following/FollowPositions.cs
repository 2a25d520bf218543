using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>Positions of copies relative to the catalog they follow.</summary>
internal static class FollowPositions
{
    /// <summary>Position of a copy that is about to be made.</summary>
    public static FollowPosition Begin(CatalogIndex index) => new(index.CatalogId, index.IndexId, 0, index.Epoch, Complete: false, index.Epoch, index.Token);

    /// <summary>Position of a copy that is equal to the catalog.</summary>
    public static FollowPosition At(CatalogIndex index) => new(index.CatalogId, index.IndexId, index.Epoch, index.Epoch, Complete: true, index.Epoch, index.Token);

    /// <summary>Whether the copy is of this index of this catalog.</summary>
    public static bool IsOf(this FollowPosition position, Guid catalog, int index) => position.Catalog == catalog && position.Index == index;

    /// <summary>The latest state at which anything of the copy was read.</summary>
    public static CatalogVersion Seen(this FollowPosition position) => new(position.SeenEpoch, position.SeenToken);

    /// <summary>
    /// Requires that the copy can resume with the current state, as far as that state tells. The server is asked for the rest.
    /// </summary>
    /// <inheritdoc cref="CatalogVersion.RequireBefore"/>
    public static void RequireBefore(this FollowPosition position, CatalogIndex now) =>
        position.Seen().RequireBefore(now, now.Epoch == position.SeenEpoch ? now.Token : position.SeenToken, position.Since);
}
