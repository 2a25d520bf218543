using System.Globalization;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;
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
            var version = await Migrator.RequireAsync(catalog, SchemaUse.Read, cancellationToken).ConfigureAwait(false);
            var status = await CatalogStatus.ReadAsync(catalog, cancellationToken).ConfigureAwait(false);
            Printer.Write(status, json, console => Show(console, status, version));
            return ExitCodes.Ok;
        }
    }

    private static void Show(IAnsiConsole console, CatalogStatus status, int version)
    {
        console.Write(Tables.Facts(
            status.Database,
            ("catalog", $"{status.CatalogId}, schema version {version}"),
            ("size", Units.Bytes(status.Bytes)),
            ("server", $"PostgreSQL {status.Postgres}, pgvector {status.Pgvector}"),
            ("active", status.Indexes.FirstOrDefault(index => index.Index.Active)?.Index.Name ?? "none: no replica can begin to serve; see `retrieval index activate`")));

        foreach (var index in status.Indexes)
        {
            Show(console, index);
            ShowRuns(console, index.Runs);
        }
    }

    private static void ShowRuns(IAnsiConsole console, IReadOnlyList<CatalogRun> runs)
    {
        if (runs.Count == 0)
        {
            return;
        }

        var table = Tables.Titled("latest runs", "began", "source", "part", "state", "#stored", "#rejected", "worker");
        foreach (var run in runs)
        {
            var state = run is { State: RunState.Running, Connected: false } ? "not connected" : run.State.ToString().ToLowerInvariant();
            table.Add(
                run.StartedAt.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), run.SourceKey, run.Parts == 1 ? "" : $"{run.Part}/{run.Parts}", state, Units.Count(run.Ingested), Units.Count(run.Rejected), run.Worker);
        }

        console.Write(table);
        var found = Tables.Titled("what they found", "began", "what", "#times");
        foreach (var run in runs)
        {
            var began = run.StartedAt.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);
            foreach (var note in run.Findings.Recognised)
            {
                found.Add(began, note, "");
            }

            foreach (var warning in run.Findings.Warnings)
            {
                found.Add(began, $"warning: {warning}", "");
            }

            foreach (var (count, first) in run.Findings.Reasons)
            {
                found.Add(began, $"rejected: {first.Source}: {first.Reason}", Units.Count(count));
            }
        }

        if (found.Rows.Count > 0)
        {
            console.Write(found);
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
