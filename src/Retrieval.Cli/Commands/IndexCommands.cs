using Retrieval.Cli.Commands.Postgres;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index</c>.</summary>
internal static class IndexCommands
{
    public static CliCommand Create() => new("index", "Indexes, in a local folder or in a catalog: what is in them, whether they are whole, repair, switching, deletion, upkeep.")
    {
        IndexListCommand.Create(),
        IndexStatusCommand.Create(),
        IndexVerifyCommand.Create(),
        IndexRepairCommand.Create(),
        IndexMigrateCommand.Create(),
        IndexActivateCommand.Create(),
        IndexDropCommand.Create(),
        IndexVacuumCommand.Create(),
        IndexHashCommand.Create(),
        IndexDeleteCommand.Create(),
        IndexCompactCommand.Create(),
    };
}
