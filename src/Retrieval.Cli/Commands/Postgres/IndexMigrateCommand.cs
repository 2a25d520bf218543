using System.CommandLine;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index migrate</c>.</summary>
internal static class IndexMigrateCommand
{
    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var serve = new Option<string?>("--serve-role") { Description = "Role of replicas that only answer: is given the right to read", HelpName = "ROLE" };
        var ingest = new Option<string?>("--ingest-role") { Description = "Role of jobs and of replicas that write: is given the rights to read, write rows, make and activate indexes", HelpName = "ROLE" };
        var json = CommonOptions.Json();
        var command = new CliCommand("migrate", "Bring a catalog's schema to this version, as the role that owns it. Running it again changes nothing; there is no way back.")
        {
            Options = { serve, ingest, json },
            Examples =
            [
                "retrieval index migrate --postgres 'Host=db;Database=retrieval;Username=owner' --postgres-password-file owner.txt",
                "retrieval index migrate --postgres postgresql://owner@db/retrieval --serve-role retrieval_serve --ingest-role retrieval_ingest",
            ],
        };
        postgres.AddTo(command);
        postgres.Require(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var catalog = postgres.Open(parsed);
            await using (catalog.ConfigureAwait(false))
            {
                var roles = new CatalogRoles(parsed.GetValue(serve), parsed.GetValue(ingest));
                var applied = await Migrator.MigrateAsync(catalog, roles, cancellationToken).ConfigureAwait(false);
                var result = new Result(catalog.Name, Migrator.Latest, applied, roles.Serve, roles.Ingest);
                Printer.Write(result, parsed.GetValue(json), console => console.Write(Tables.Facts(
                    result.Catalog,
                    ("schema version", $"{result.Version}"),
                    ("applied", result.Applied.Count == 0 ? "nothing, it was there" : string.Join(", ", result.Applied)),
                    ("may read", result.ServeRole ?? "—"),
                    ("may write", result.IngestRole ?? "—"))));
                return ExitCodes.Ok;
            }
        });
        return command;
    }

    private sealed record Result(string Catalog, int Version, IReadOnlyList<string> Applied, string? ServeRole, string? IngestRole);
}
