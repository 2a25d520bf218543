using System.CommandLine;
using Retrieval.Server;
using Retrieval.Server.Configuration;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval serve</c>: passes its options to the server, which itself reads, checks and explains them.</summary>
internal static class ServeCommand
{
    public static CliCommand Create()
    {
        Option<string?>[] options =
        [
            new("--bundle") { Description = "Folder of the bundle; several, separated by semicolons, to switch between indexes of different bundles", HelpName = "DIR" },
            new("--index") { Description = "Folder of the local index; with --postgres, folder for this replica's copy of the catalog's index", HelpName = "DIR" },
            new("--also") { Description = "Further indexes to hold and answer from, separated by semicolons: folders, or name=folder; with --postgres, names", HelpName = "INDEXES" },
            new("--postgres") { Description = "The catalog to follow: Host=…;Database=… or postgresql://user@host:port/database", HelpName = "CONNECTION" },
            new("--postgres-password-file") { Description = "File with the password", HelpName = "FILE" },
            new("--urls") { Description = "Addresses to listen on, separated by semicolons", HelpName = "URL" },
            new("--key-file") { Description = "File of the keys that callers have to present, see 'retrieval keys'", HelpName = "FILE" },
            new("--config") { Description = "A JSON file of options", HelpName = "FILE" },
            new("--threads") { Description = "Threads for one graph; 0 takes all cores", HelpName = "N" },
            new("--log-level") { Description = "Least level that is logged", HelpName = "LEVEL" },
            new("--log-format") { Description = "How log lines are written", HelpName = "FORMAT" },
        ];
        var printConfig = new Option<bool>("--print-config") { Description = "Print the reference configuration, every key with its meaning, range and default, and end" };
        var command = new CliCommand("serve", "Serve a bundle and a local index, or an index of a catalog, over HTTP until Ctrl-C. Any other option of the configuration can be given as --Section:Key=value.")
        {
            Examples =
            [
                "retrieval serve --bundle models/scenes/bundle --index index --urls http://127.0.0.1:8080",
                "retrieval serve --bundle models/scenes/bundle --index cache --postgres postgresql://serve@db/retrieval --postgres-password-file serve.txt",
                "retrieval serve --print-config > retrieval.jsonc",
                "retrieval serve --config retrieval.jsonc --Http:Urls=http://127.0.0.1:8081",
            ],
            TreatUnmatchedTokensAsErrors = false,
        };
        Array.ForEach(options, command.Options.Add);
        command.Options.Add(printConfig);
        command.SetAction((parsed, cancellationToken) =>
        {
            if (parsed.GetValue(printConfig))
            {
                Console.Out.Write(ReferenceConfiguration.Text);
                return Task.FromResult(0);
            }

            var given = options.Where(option => parsed.GetValue(option) is not null).SelectMany(option => new[] { option.Name, parsed.GetValue(option)! });
            return RetrievalServer.RunAsync([.. given, .. parsed.UnmatchedTokens], Console.Error, cancellationToken);
        });
        return command;
    }
}
