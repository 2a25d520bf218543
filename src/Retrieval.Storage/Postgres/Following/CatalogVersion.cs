using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// A state of an index in the catalog: the number of its last change, and that change's token, which no other change ever has.
/// </summary>
internal readonly record struct CatalogVersion(long Epoch, Guid? Token)
{
    public static CatalogVersion Of(CatalogIndex index) => new(index.Epoch, index.Token);

    /// <summary>
    /// Requires that the current state descends from this one, so that a copy that has seen this state may resume with the
    /// current one.
    /// </summary>
    /// <param name="now">The index as a server shows it.</param>
    /// <param name="tokenThen">The token that this state's epoch has there; null if none.</param>
    /// <param name="since">Nothing of the copy is from an earlier epoch.</param>
    /// <exception cref="ReplicaOutdatedException">It does not descend from this state, or deletions that the copy does not know
    /// of have been purged.</exception>
    /// <exception cref="ServerBehindException">It may still get there: the server is a standby.</exception>
    public void RequireBefore(CatalogIndex now, Guid? tokenThen, long since)
    {
        if (now.PurgedEpoch > since)
        {
            throw new ReplicaOutdatedException($"deletions up to epoch {now.PurgedEpoch} are gone from index {now.Name}, and the copy knows of those up to {since} only: it is copied again");
        }

        if (now.Epoch < Epoch)
        {
            throw now.FromStandby
                ? new ServerBehindException($"the server is a standby that has index {now.Name} at epoch {now.Epoch}, and the copy has seen {Epoch}")
                : new ReplicaOutdatedException($"index {now.Name} was set back to epoch {now.Epoch}, and the copy has seen {Epoch}: it is copied again");
        }

        if (Epoch > 0 && (tokenThen is null || tokenThen != Token))
        {
            throw new ReplicaOutdatedException($"index {now.Name} was set back and changed otherwise: its epoch {Epoch} is not the one the copy has seen; it is copied again");
        }
    }
}
