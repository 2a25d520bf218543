using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index status --postgres</c>.</summary>
internal static class CatalogStatusView
{
    public static async Task<int> RunAsync(Catalog catalog, bool json, CancellationToken cancellationToken)
    {
        await using (catalog.ConfigureAwait(false))
        {
            await Migrator.RequireAsync(catalog, cancellationToken).ConfigureAwait(false);
            var status = await CatalogStatus.ReadAsync(catalog, cancellationToken).ConfigureAwait(false);
            Printer.Write(status, json, console => Show(console, status));
            return ExitCodes.Ok;
        }
    }

    private static void Show(IAnsiConsole console, CatalogStatus status)
    {
        console.Write(Tables.Facts(
            status.Database,
            ("catalog", $"{status.CatalogId}, schema version {Migrator.Latest}"),
            ("size", Units.Bytes(status.Bytes)),
            ("server", $"PostgreSQL {status.Postgres}, pgvector {status.Pgvector}"),
            ("active", status.Indexes.FirstOrDefault(index => index.Index.Active)?.Index.Name ?? "none: no replica can begin to serve; see `retrieval index activate`")));

        foreach (var index in status.Indexes)
        {
            Show(console, index);
        }
    }

    private static void Show(IAnsiConsole console, IndexStatus status)
    {
        var index = status.Index;
        console.Write(Tables.Facts(
            $"index {index.Name}{(index.Active ? ", active" : "")}",
            ("bundle", $"{index.Schema.BundleName}, fingerprint {index.Schema.Fingerprint}"),
            ("epoch", Units.Count(index.Epoch)),
            ("images", $"{Units.Count(status.Images)}{(status.Tombstones > 0 ? $", and {Units.Count(status.Tombstones)} tombstones" : "")}"),
            ("captions", Units.Count(status.Captions)),
            ("embedding", $"{index.Schema.EmbeddingWidth}"),
            ("fields", string.Join("; ", index.Schema.ImageFields.Concat(index.Schema.CaptionFields))),
            ("size", $"{Units.Bytes(status.Tables.Values.Sum())}: {string.Join(", ", status.Tables.Select(table => $"{table.Key} {Units.Bytes(table.Value)}"))}"),
            ("nearest-neighbour indexes", status.Nearest.Count == 0 ? "none: shortlists compare with all embeddings" : string.Join(", ", status.Nearest.Select(nearest => $"{nearest.Key} {Units.Bytes(nearest.Value)}")))));
        if (status.Ledger.Count == 0)
        {
            return;
        }

        var sources = Tables.Titled("sources", "source", "part", "#next row", "#stored", "#of them replacing", "#unchanged", "#rejected", "state");
        foreach (var (part, parts, entry) in status.Ledger)
        {
            sources.Add(
                entry.SourceKey, parts == 1 ? "" : $"{part}/{parts}", Units.Count(entry.NextRow), Units.Count(entry.Ingested), Units.Count(entry.Replaced), Units.Count(entry.Skipped), Units.Count(entry.Rejected),
                entry.Completed ? "complete" : "to be resumed");
        }

        console.Write(sources);
    }
}
