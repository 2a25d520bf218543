using System.CommandLine;
using Retrieval.Cli.Output;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index activate</c>.</summary>
internal static class IndexActivateCommand
{
    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var name = NameOption("The index that replicas are to serve");
        var json = CommonOptions.Json();
        var command = new CliCommand("activate", "Make an index of a catalog the one that replicas serve. Each replica fetches it beside the one it serves and then switches, without failing a request.")
        {
            Options = { name, json },
            Examples = ["retrieval index activate --postgres postgresql://ingest@db/retrieval --name green"],
        };
        postgres.AddTo(command);
        postgres.Require(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var catalog = postgres.Open(parsed);
            await using (catalog.ConfigureAwait(false))
            {
                var activated = parsed.GetRequiredValue(name);
                var before = await CatalogIndexes.ActivateAsync(catalog, activated, cancellationToken).ConfigureAwait(false);
                var index = await CatalogIndexes.FindAsync(catalog, activated, cancellationToken).ConfigureAwait(false);
                var result = new Result(catalog.Name, activated, before, index?.Schema.BundleName, index?.Schema.Fingerprint, index?.Epoch);
                Terminal.Write(result, parsed.GetValue(json), console => console.Write(Tables.Facts(
                    result.Catalog,
                    ("active", result.Active),
                    ("before", result.Before ?? "—"),
                    ("bundle", $"{result.Bundle}, fingerprint {result.Fingerprint}"),
                    ("epoch", Units.Count(result.Epoch ?? 0)))));
                return ExitCodes.Ok;
            }
        });
        return command;
    }

    internal static Option<string> NameOption(string description) => new("--name") { Description = description, HelpName = "NAME", Required = true };

    private sealed record Result(string Catalog, string Active, string? Before, string? Bundle, string? Fingerprint, long? Epoch);
}
