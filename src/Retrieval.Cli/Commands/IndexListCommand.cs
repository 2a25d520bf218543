using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index list</c>.</summary>
internal static class IndexListCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Folder("--index", "Folder of a local index, or a folder of such folders");
        index.Required = false;
        var postgres = new PostgresOptions();
        var json = CommonOptions.Json();
        var command = new CliCommand("list", "List indexes, a line each: the local ones in a folder, or those of a catalog, with the one that replicas serve.")
        {
            Options = { index, json },
            Examples = ["retrieval index list --index .", "retrieval index list --postgres postgresql://serve@db/retrieval"],
        };
        postgres.AddTo(command);
        postgres.RequireThisOr(command, index);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var list = postgres.Given(parsed, index)
                ? await OfCatalogAsync(postgres.Open(parsed), cancellationToken).ConfigureAwait(false)
                : OfFolder(parsed.GetRequiredValue(index));
            Printer.Write(new { indexes = list }, parsed.GetValue(json), console => Show(console, list));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static List<Entry> OfFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new InvalidInputException($"no such folder: {path}", field: "--index");
        }

        // The folder itself, or else those in it; a folder without an index is none of them.
        List<Entry> found = Of(path) is { } one ? [one] : [.. Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal).Select(Of).OfType<Entry>()];
        return found.Count > 0 ? found : throw new InvalidInputException($"no index in {path}, nor in a folder directly in it", field: "--index");
    }

    private static Entry? Of(string path)
    {
        try
        {
            using var index = LocalIndex.Open(path);
            return new Entry(path, index.Images.Count, index.Captions.Count, index.Generation, null, BundleManifest.LabelOf(index.Schema.BundleName, index.Fingerprint), null);
        }
        catch (IndexMissingException)
        {
            return null;
        }
        catch (RetrievalException exception)
        {
            // One that is damaged does not hide the others.
            return new Entry(path, null, null, null, null, null, exception.Message);
        }
    }

    private static async Task<List<Entry>> OfCatalogAsync(Catalog catalog, CancellationToken cancellationToken)
    {
        await using (catalog.ConfigureAwait(false))
        {
            await Migrator.RequireAsync(catalog, SchemaUse.Read, cancellationToken).ConfigureAwait(false);
            var list = new List<Entry>();
            foreach (var status in (await CatalogStatus.ReadAsync(catalog, cancellationToken).ConfigureAwait(false)).Indexes)
            {
                var index = status.Index;
                list.Add(new Entry(
                    index.Name, status.Images, status.Captions, index.Epoch, index.Active, BundleManifest.LabelOf(index.Schema.BundleName, index.Schema.Fingerprint),
                    await IndexCompleteness.WhyNotAsync(catalog, index, cancellationToken).ConfigureAwait(false)));
            }

            return list;
        }
    }

    private static void Show(IAnsiConsole console, List<Entry> list)
    {
        var table = Tables.Titled("indexes", "index", "#images", "#captions", "#epoch", "active", "bundle", "lacks");
        foreach (var entry in list)
        {
            table.Add(entry.Name, Number(entry.Images), Number(entry.Captions), Number(entry.Epoch), entry.Active switch { true => "yes", false => "no", null => "—" }, entry.Model ?? "—", entry.Incomplete ?? "");
        }

        console.Write(table);
    }

    private static string Number(long? count) => count is { } known ? Units.Count(known) : "—";

    /// <param name="Name">Of a catalog the index's name, else its folder.</param>
    /// <param name="Images">Images that it holds.</param>
    /// <param name="Captions">Captions that it holds.</param>
    /// <param name="Epoch">Number of its last change; of a local index, its generation.</param>
    /// <param name="Active">Whether replicas serve it; null for a local index.</param>
    /// <param name="Model">Bundle and fingerprint.</param>
    /// <param name="Incomplete">Why it is not complete or cannot be opened, or null.</param>
    private sealed record Entry(string Name, long? Images, long? Captions, long? Epoch, bool? Active, string? Model, string? Incomplete);
}
