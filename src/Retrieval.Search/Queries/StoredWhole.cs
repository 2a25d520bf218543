using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Queries;

/// <summary>The one place where an answer asks whether what it is made from is still there.</summary>
internal static class StoredWhole
{
    /// <exception cref="ObjectDisposedException">The lease on it has ended.</exception>
    /// <exception cref="Storage.Errors.IndexCorruptException">A file of the index was cut short while it was read.</exception>
    public static void Require(SearchSnapshot snapshot, bool leaseEnded)
    {
        ObjectDisposedException.ThrowIf(leaseEnded, snapshot);
        snapshot.Index.RequireSound();
    }
}
