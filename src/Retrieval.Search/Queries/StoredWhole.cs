using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Queries;

/// <summary>The only place where an answer checks that the data it is made from still exists.</summary>
internal static class StoredWhole
{
    /// <exception cref="ObjectDisposedException">The lease on it has ended.</exception>
    /// <exception cref="Storage.Errors.IndexCorruptException">A file of the index was truncated while it was read.</exception>
    public static void Require(SearchSnapshot snapshot, bool leaseEnded)
    {
        ObjectDisposedException.ThrowIf(leaseEnded, snapshot);
        snapshot.Index.RequireSound();
    }
}
