using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval bundle</c>.</summary>
internal static class BundleCommands
{
    public static CliCommand Create() => new("bundle", "Exported models.")
    {
        BundleVerifyCommand.Create(),
    };
}
