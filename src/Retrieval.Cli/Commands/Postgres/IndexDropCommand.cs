using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index drop</c>.</summary>
internal static class IndexDropCommand
{
    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var name = IndexActivateCommand.NameOption("The index to drop; the active one is refused");
        var command = new CliCommand("drop", "Drop an index of a catalog with all it holds, as the role that owns the schema. Its room is free at once.")
        {
            Options = { name },
            Examples = ["retrieval index drop --postgres postgresql://owner@db/retrieval --name blue"],
        };
        postgres.AddTo(command);
        postgres.Require(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var catalog = postgres.Open(parsed);
            await using (catalog.ConfigureAwait(false))
            {
                await CatalogIndexes.DropAsync(catalog, parsed.GetRequiredValue(name), cancellationToken).ConfigureAwait(false);
                Printer.Note($"dropped index {parsed.GetRequiredValue(name)} of {catalog.Name}");
                return ExitCodes.Ok;
            }
        });
        return command;
    }
}
