using System.Globalization;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Snapshots;

/// <summary>An index of the catalog, as a replica has it on its own disk.</summary>
/// <param name="Folder">Folder of the local index.</param>
/// <param name="Name">The index's name in the catalog.</param>
/// <param name="IndexId">Its number there.</param>
/// <param name="Fingerprint">Fingerprint of the bundle it was made with.</param>
public sealed record ServedIndex(string Folder, string Name, int IndexId, string Fingerprint)
{
    private const string LedgerPrefix = "catalog:";

    /// <summary>The epoch of the catalog up to which a generation of the folder has come; it is committed with the rows it speaks of.</summary>
    internal long EpochOf(LocalIndex index)
    {
        var ending = string.Create(CultureInfo.InvariantCulture, $"/{IndexId}");
        return index.Ledger.FirstOrDefault(entry =>
            entry.SourceKey.StartsWith(LedgerPrefix, StringComparison.Ordinal) && entry.SourceKey.EndsWith(ending, StringComparison.Ordinal))?.NextRow ?? 0;
    }
}
