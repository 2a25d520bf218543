using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>A state of an index in the catalog: the number of its last change, and that change's token, which no other change ever has.</summary>
internal readonly record struct CatalogVersion(long Epoch, Guid? Token)
{
    public static CatalogVersion Of(CatalogIndex index) => new(index.Epoch, index.Token);

    /// <summary>Requires that what is there now came of this moment, so that a copy which has seen this may go on with that.</summary>
    /// <param name="now">The index as a server shows it.</param>
    /// <param name="tokenThen">The token which this moment's epoch bears there; null if none.</param>
    /// <param name="since">Nothing of the copy is of an earlier epoch.</param>
    /// <exception cref="ReplicaOutdatedException">It did not, or deletions that the copy does not know of are gone.</exception>
    /// <exception cref="ServerBehindException">It may yet: this is a standby.</exception>
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
