using Retrieval.Inference.Banks;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Search.Snapshots;

/// <summary>Makes a snapshot that is ready for queries, before it is published.</summary>
/// <param name="progress">Receives how far a bank has been copied into device memory.</param>
/// <param name="name">What requests call the index; null for the one that is served.</param>
internal sealed class SnapshotMaker(IProgress<BankProgress>? progress, string? name)
{
    /// <summary>
    /// Makes it, with a hold of its own on the model. No query has to wait for lookups or banks, or misses its deadline because
    /// of Postgres.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="index">The index, which is disposed of if this fails.</param>
    /// <param name="served">The catalog's index that it is; null in embedded mode.</param>
    /// <param name="old">What is served so far; null for nothing.</param>
    /// <param name="damaged">Called for each damaged item that a search leaves out.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    public SearchSnapshot Make(SharedModel model, LocalIndex index, ServedIndex? served, SearchSnapshot? old, Action<DamagedItem>? damaged, CancellationToken cancellationToken)
    {
        try
        {
            index.PrepareLookups();
            if (old?.Index is { } former && former.Path == index.Path && former.FindDamage() is not null)
            {
                // Files that were truncated and no longer are may contain anything.
                index.RequireRestored(former, cancellationToken);
            }

            var snapshot = new SearchSnapshot(model.Model, index, served, old, progress, damaged, model.Release, cancellationToken) { Name = name ?? served?.Name };
            RequireUsable(snapshot, cancellationToken);
            model.Hold();
            return snapshot;
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    private static void RequireUsable(SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            // Lookups and resident banks were built from its memory.
            if (snapshot.Index.FindDamage() is { } damage)
            {
                throw damage;
            }

            // The last moment: a further index may have been withdrawn meanwhile.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch
        {
            // Not disposed of with the snapshot: that would release the model, which it does not hold yet.
            snapshot.CloseBanks();
            throw;
        }
    }
}
