using System.CommandLine;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands.Keys;

/// <summary><c>retrieval keys</c>: the file of keys that <c>retrieval serve --key-file</c> reads.</summary>
internal static class KeysCommands
{
    public static CliCommand Create() => new("keys", "Keys of callers: make, list and revoke them. A server that reads the file follows within seconds.")
    {
        KeysNewCommand.Create(),
        KeysListCommand.Create(),
        KeysRevokeCommand.Create(),
    };

    /// <summary><c>--key-file</c>, required.</summary>
    public static Option<string> KeyFileOption() => CommonOptions.File("--key-file", "File of keys");
}
