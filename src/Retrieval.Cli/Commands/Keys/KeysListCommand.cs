using System.Globalization;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Keys;

/// <summary><c>retrieval keys list</c>: the keys of a file. It holds no key's text.</summary>
internal static class KeysListCommand
{
    public static CliCommand Create()
    {
        var file = KeysCommands.KeyFileOption();
        var json = CommonOptions.Json();
        var command = new CliCommand("list", "The keys of a file: names, ids, roles, when they were made and when they end.")
        {
            Options = { file, json },
            Examples = ["retrieval keys list --key-file keys.json"],
        };
        command.SetAction(parsed =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var keys = KeyFile.Read(parsed.GetRequiredValue(file));
            var result = keys.Select(key => new
            {
                key.Name,
                key.Id,
                Roles = key.Roles.Select(Roles.NameOf).ToArray(),
                key.Created,
                key.Expires,
                Expired = key.Expires <= now,
                key.RequestsPerSecond,
                key.PairsPerSecond,
            }).ToList();
            Printer.Write(new { Keys = result }, parsed.GetValue(json), console =>
            {
                var table = Tables.Titled("Keys", "Name", "Id", "Roles", "Made", "Ends", "#Requests/s", "#Pairs/s");
                foreach (var key in result)
                {
                    table.Add(key.Name, key.Id, string.Join(", ", key.Roles), Time(key.Created), key.Expires is { } ends ? Time(ends) + (key.Expired ? " (over)" : "") : "never", Number(key.RequestsPerSecond), Number(key.PairsPerSecond));
                }

                console.Write(table);
            });
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Number(double? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "server's";
}
