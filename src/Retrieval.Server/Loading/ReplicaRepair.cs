namespace Retrieval.Server.Loading;

/// <summary>Passes damaged copies of a catalog's index from the services that find them to the one that fetches new copies.</summary>
internal sealed class ReplicaRepair
{
    private string? _path;

    /// <summary>Requests a new copy to replace the one in this folder.</summary>
    public void Ask(string path) => Volatile.Write(ref _path, path);

    /// <summary>The folder of the copy to replace; null for none.</summary>
    public string? Take() => Interlocked.Exchange(ref _path, null);
}
