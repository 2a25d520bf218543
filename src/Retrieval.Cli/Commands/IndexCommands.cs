namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index</c>.</summary>
internal static class IndexCommands
{
    public static CliCommand Create() => new("index", "Local indexes: what is in them, whether they are whole, deletion, compaction.")
    {
        IndexStatusCommand.Create(),
        IndexVerifyCommand.Create(),
        IndexHashCommand.Create(),
        IndexDeleteCommand.Create(),
        IndexCompactCommand.Create(),
    };
}
