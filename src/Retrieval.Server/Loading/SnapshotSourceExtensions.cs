using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Loading;

/// <summary>What the snapshot's status does not say.</summary>
internal static class SnapshotSourceExtensions
{
    /// <summary>Whether the newest manifest of the index could not be read, and the generation before it is served.</summary>
    public static bool OpenedPrevious(this SnapshotSource snapshots)
    {
        using var snapshot = snapshots.Acquire();
        return snapshot.Index.OpenedPrevious;
    }
}
