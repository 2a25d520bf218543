using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Keys;

/// <summary><c>retrieval keys new</c>: makes a key, prints it once, and stores its salted hash.</summary>
internal static class KeysNewCommand
{
    private const double MostDays = 36_500;

    public static CliCommand Create()
    {
        var file = KeysCommands.KeyFileOption();
        var name = new Option<string>("--name") { Description = "Name of the caller, for logs and metrics", HelpName = "NAME", Required = true, CustomParser = NameOf };
        var roles = new Option<Role[]>("--role")
        {
            Description = $"What it is good for: {string.Join(", ", Roles.Names)}; query < ingest < admin include each other, metrics is apart",
            HelpName = "ROLE",
            Required = true,
            CustomParser = RolesOf,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        var expires = new Option<string?>("--expires") { Description = "When it ends: a number of days such as 90d, or a time such as 2027-01-31 or 2027-01-31T12:00Z; never if not given", HelpName = "WHEN" };
        var requests = Limit("--requests-per-second", "Requests a second, in place of the server's Callers:RequestsPerSecond; 0 for no limit");
        var pairs = Limit("--pairs-per-second", "Pairs a second, in place of the server's Callers:PairsPerSecond; 0 for no limit");
        var json = CommonOptions.Json();
        var command = new CliCommand("new", "Make a key. It is printed once and stored nowhere: the file has a salted hash of it.")
        {
            Options = { file, name, roles, expires, requests, pairs, json },
            Examples =
            [
                "retrieval keys new --key-file keys.json --name shop --role query --expires 90d",
                "retrieval keys new --key-file keys.json --name nightly --role ingest",
            ],
        };
        command.SetAction(parsed =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var (text, key) = KeyFileEditor.Add(
                parsed.GetRequiredValue(file),
                new NewKey(parsed.GetRequiredValue(name), parsed.GetRequiredValue(roles))
                {
                    Expires = parsed.GetValue(expires) is { } when ? ExpiryOf(when, now) : null,
                    RequestsPerSecond = parsed.GetValue(requests),
                    PairsPerSecond = parsed.GetValue(pairs),
                },
                now);
            Printer.Write(new { key.Name, key.Id, Roles = key.Roles.Select(Roles.NameOf), key.Expires, Key = text }, parsed.GetValue(json), console => console.Profile.Out.Writer.WriteLine(text));
            if (!parsed.GetValue(json))
            {
                Console.Error.WriteLine($"This is the only time that the key of '{key.Name}' is shown. Callers send it in the header X-Api-Key or as Authorization: Bearer.");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static Option<double?> Limit(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= KeyFile.MostPerSecond)
            {
                return number;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{result.Tokens[0].Value}'; expected a number from 0 to {KeyFile.MostPerSecond}"));
            return null;
        },
    };

    private static string? NameOf(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!KeyName.IsValid(text))
        {
            result.AddError($"--name is '{text}'; expected {KeyName.Expected}");
        }

        return text;
    }

    private static Role[] RolesOf(ArgumentResult result)
    {
        var roles = new List<Role>();
        foreach (var text in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (Roles.Find(text) is { } role)
            {
                roles.Add(role);
            }
            else
            {
                result.AddError($"--role is '{text}'; expected one or more of {string.Join(", ", Roles.Names)}");
            }
        }

        return [.. roles.Distinct()];
    }

    private static DateTimeOffset ExpiryOf(string text, DateTimeOffset now)
    {
        var expires = text.EndsWith('d') && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var days) && days <= MostDays ? now.AddDays(days)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
            : throw new Domain.Errors.InvalidInputException($"--expires is '{text}'; expected a number of days such as 90d, or a time such as 2027-01-31 or 2027-01-31T12:00Z");
        return expires > now ? expires : throw new Domain.Errors.InvalidInputException($"--expires is '{text}', which is over; expected a time to come");
    }
}
