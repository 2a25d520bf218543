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

    // Replicas switch to it within seconds: half an index would give half the answers.
    private static async Task RequireCompleteAsync(Catalog catalog, string name, CancellationToken cancellationToken)
    {
        var status = await CatalogStatus.ReadAsync(catalog, cancellationToken).ConfigureAwait(false);
        if (status.Indexes.FirstOrDefault(index => index.Index.Name == name) is not { } index)
        {
            return;
        }

        var open = index.Ledger.GroupBy(part => (part.Entry.SourceKey, part.Parts)).FirstOrDefault(parts => parts.Count(part => part.Entry.Completed) < parts.Key.Parts);
        var reason = index.Images == 0 ? "it has no images"
            : open is not null ? $"{open.Count(part => part.Entry.Completed)} of {open.Key.Parts} parts of {open.Key.SourceKey} are stored"
            : index.Nearest.Count == 0 ? "its nearest-neighbour indexes are not built"
            : null;
        if (reason is not null)
        {
            throw new CatalogException($"index {name}", CatalogFault.Index, $"is not complete: {reason}; --force activates it all the same");
        }
    }

    internal static Option<string> NameOption(string description) => new("--name") { Description = description, HelpName = "NAME", Required = true };

    private sealed record Result(string Catalog, string Active, string? Before, string? Bundle, string? Fingerprint, long? Epoch);
}
