using System.CommandLine;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index activate</c>.</summary>
internal static class IndexActivateCommand
{
    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var name = NameOption("The index that replicas are to serve");
        var force = new Option<bool>("--force") { Description = "Activate it even if it is empty, not all parts of its sources are stored, or its nearest-neighbour indexes are not built" };
        var json = CommonOptions.Json();
        var command = new CliCommand("activate", "Make an index of a catalog the one that replicas serve. Each replica fetches it while it serves the current one, and then switches, without failing a request.")
        {
            Options = { name, force, json },
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
                if (!parsed.GetValue(force))
                {
                    await RequireCompleteAsync(catalog, activated, cancellationToken).ConfigureAwait(false);
                }

                var before = await CatalogIndexes.ActivateAsync(catalog, activated, cancellationToken).ConfigureAwait(false);
                var index = await CatalogIndexes.FindAsync(catalog, activated, cancellationToken).ConfigureAwait(false);
                var result = new Result(catalog.Name, activated, before, index?.Schema.BundleName, index?.Schema.Fingerprint, index?.Epoch);
                Printer.Write(result, parsed.GetValue(json), console => console.Write(Tables.Facts(
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

    private static async Task RequireCompleteAsync(Catalog catalog, string name, CancellationToken cancellationToken)
    {
        // An index that is not there is the concern of what activates it.
        if (await CatalogIndexes.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false) is { } index
            && await IndexCompleteness.WhyNotAsync(catalog, index, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            throw new CatalogException($"index {name}", CatalogFault.Index, $"is not complete: {reason}; --force activates it all the same");
        }
    }

    internal static Option<string> NameOption(string description) => new("--name") { Description = description, HelpName = "NAME", Required = true };

    private sealed record Result(string Catalog, string Active, string? Before, string? Bundle, string? Fingerprint, long? Epoch);
}
