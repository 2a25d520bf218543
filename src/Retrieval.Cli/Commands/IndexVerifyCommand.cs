using Retrieval.Cli.Output;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index verify</c>: every committed byte against its checksum.</summary>
internal static class IndexVerifyCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        var json = CommonOptions.Json();
        var command = new CliCommand("verify", "Compare every committed byte of an index with its checksum, and name what is damaged. Ends with 1 if anything is.")
        {
            Options = { index, json },
            Examples = ["retrieval index verify --index index"],
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var result = Verify(parsed.GetRequiredValue(index), cancellationToken);
            Terminal.Write(result, parsed.GetValue(json), console => Show(console, result));
            return Task.FromResult(result.Ok ? ExitCodes.Ok : ExitCodes.Failed);
        });
        return command;
    }

    private static Verification Verify(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var index = LocalIndex.Open(path);
            var found = index.Verify(cancellationToken);
            return new Verification(found.Ok, path, index.Generation, found.Ranges, found.BytesRead, found.Faults, found.Ok ? index.ContentHash(cancellationToken) : null);
        }
        catch (IndexCorruptException exception)
        {
            // So damaged that it does not open: that is a finding, too.
            return new Verification(false, path, null, 0, 0, [new IndexFault(exception.File, 0, 0, 0, 0, exception.Reason)], null);
        }
    }

    private static void Show(IAnsiConsole console, Verification result)
    {
        console.Write(Tables.Facts(
            result.Index,
            ("generation", result.Generation is { } generation ? Units.Count(generation) : "does not open"),
            ("checked", $"{Units.Count(result.Ranges)} ranges, {Units.Bytes(result.BytesRead)}"),
            ("content hash", result.ContentHash ?? "—"),
            ("faults", Units.Count(result.Faults.Count))));
        if (result.Faults.Count > 0)
        {
            var faults = Tables.Titled("damaged", "file", "#from byte", "#to byte", "#first row", "#last row", "found");
            foreach (var fault in result.Faults)
            {
                faults.Add(fault.File, Units.Count(fault.FromByte), Units.Count(fault.ToByte), Units.Count(fault.FirstRow), Units.Count(fault.LastRow), fault.Reason);
            }

            console.Write(faults);
        }

        console.WriteLine(result.Ok ? "verified" : "NOT verified");
    }

    private sealed record Verification(bool Ok, string Index, long? Generation, long Ranges, long BytesRead, IReadOnlyList<IndexFault> Faults, string? ContentHash);
}
