using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index vacuum</c>.</summary>
internal static class IndexVacuumCommand
{
    private const int MostDays = 36_500;

    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var name = CatalogIndexOption.Create();
        var tombstones = CommonOptions.Whole("--tombstone-days", "Days the row of a deleted image is kept; a replica that was away for longer copies the index again", 0, MostDays, 7);
        var runs = CommonOptions.OptionalWhole("--run-days", "Forget runs that ended at least this many days ago; kept for ever if not given", 0, MostDays);
        var rejects = CommonOptions.OptionalWhole("--reject-days", "Forget rejects at least this many days old; kept for ever if not given", 0, MostDays);
        var json = CommonOptions.Json();
        var command = new CliCommand(
            "vacuum", "Upkeep of a catalog's index after many changes, as the role that owns the schema: forgets old tombstones, rebuilds nearest-neighbour indexes where too much in them is dead, and gives dead rows' room back for use. Queries and writers go on meanwhile.")
        {
            Options = { name, tombstones, runs, rejects, json },
            Examples = ["retrieval index vacuum --postgres postgresql://owner@db/retrieval"],
        };
        postgres.AddTo(command);
        postgres.Require(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var catalog = postgres.Open(parsed);
            await using (catalog.ConfigureAwait(false))
            {
                await Migrator.RequireAsync(catalog, SchemaUse.Write, cancellationToken).ConfigureAwait(false);
                var index = await CatalogIndexOption.FindAsync(catalog, parsed.GetValue(name), cancellationToken).ConfigureAwait(false);
                var options = new CatalogVacuumOptions
                {
                    TombstonesOlderThan = TimeSpan.FromDays(parsed.GetValue(tombstones)),
                    RunsOlderThan = Days(parsed.GetValue(runs)),
                    RejectsOlderThan = Days(parsed.GetValue(rejects)),
                };
                var report = await CatalogVacuum.RunAsync(catalog, index, options, new Notes(), cancellationToken).ConfigureAwait(false);
                Printer.Write(report, parsed.GetValue(json), console => console.Write(Tables.Facts(
                    $"{catalog.Name}:{index.Name}",
                    ("tombstones forgotten", Units.Count(report.Tombstones)),
                    ("runs forgotten", Units.Count(report.Runs)),
                    ("rejects forgotten", Units.Count(report.Rejects)),
                    ("nearest-neighbour indexes rebuilt", report.Reindexed.Count == 0 ? "none" : string.Join(", ", report.Reindexed)))));
                return ExitCodes.Ok;
            }
        });
        return command;
    }

    private static TimeSpan? Days(int? days) => days is { } count ? TimeSpan.FromDays(count) : null;

    private sealed class Notes : IProgress<string>
    {
        public void Report(string value) => Printer.Note(value);
    }
}
