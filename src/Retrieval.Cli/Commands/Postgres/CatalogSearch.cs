using Retrieval.Search.Snapshots;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary>Lets a command that asks a local index ask an index of a catalog: it is copied first, as a server does.</summary>
internal static class CatalogSearch
{
    /// <summary>Copies the index, or brings an earlier copy up to date, and runs the command over it.</summary>
    /// <param name="catalog">The catalog; disposed of.</param>
    /// <param name="name">The index; null for the active one.</param>
    /// <param name="options">Bundle, and how it is run.</param>
    /// <param name="folder">Folder of the copy; null for one that is deleted afterwards.</param>
    /// <param name="run">The command.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    public static async Task<int> RunAsync(Catalog catalog, string? name, SnapshotOptions options, string? folder, Func<SnapshotSource, Task<int>> run, CancellationToken cancellationToken)
    {
        using var work = folder is null ? WorkFolder.Make(null) : null;
        using var snapshots = new SnapshotSource(options with { Index = folder ?? work!.Path });
        var copy = await CatalogCopy.MakeAsync(catalog, name, folder ?? work!.Path, snapshots.ReadBundles().Schemas, cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            snapshots.Switch(copy.Served, cancellationToken);
            return await run(snapshots).ConfigureAwait(false);
        }
    }
}
