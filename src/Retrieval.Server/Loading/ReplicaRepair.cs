namespace Retrieval.Server.Loading;

/// <summary>Copies of a catalog's index that were found damaged, on their way from who finds them to who fetches new ones.</summary>
internal sealed class ReplicaRepair
{
    private string? _path;

    /// <summary>Asks for a new copy in the place of the one in this folder.</summary>
    public void Ask(string path) => Volatile.Write(ref _path, path);

    /// <summary>The folder of the copy to be given up; null for none.</summary>
    public string? Take() => Interlocked.Exchange(ref _path, null);
}
