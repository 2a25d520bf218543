using System.CommandLine;
using Retrieval.Server.Access.Keys;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Keys;

/// <summary><c>retrieval keys revoke</c>: removes a key from a file.</summary>
internal static class KeysRevokeCommand
{
    public static CliCommand Create()
    {
        var file = KeysCommands.KeyFileOption();
        var name = new Option<string>("--name") { Description = "Name of the key", HelpName = "NAME", Required = true };
        var json = CommonOptions.Json();
        var command = new CliCommand("revoke", "Remove a key. Servers that read the file refuse it within seconds.")
        {
            Options = { file, name, json },
            Examples = ["retrieval keys revoke --key-file keys.json --name shop"],
        };
        command.SetAction(parsed =>
        {
            var (key, left) = KeyFileEditor.Revoke(parsed.GetRequiredValue(file), parsed.GetRequiredValue(name));
            Printer.Write(new { key.Name, key.Id, Revoked = true }, parsed.GetValue(json), console => console.Profile.Out.Writer.WriteLine($"revoked {key.Name} ({key.Id})"));
            if (left == 0)
            {
                Console.Error.WriteLine("No key is left: servers that run with this file let no key in, and none starts with it.");
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
