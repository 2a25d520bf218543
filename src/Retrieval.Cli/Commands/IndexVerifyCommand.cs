using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Output;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index verify</c>: checks every committed byte against its checksum.</summary>
internal static class IndexVerifyCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        index.Required = false;
        var postgres = new PostgresOptions();
        var name = CatalogIndexOption.Create();
        var every = CommonOptions.Whole("--every", "With --postgres: compare every Nth record with its embedding; 1 for all", 1, 1_000_000, 1);
        var queries = CommonOptions.Whole("--queries", "With --postgres: queries drawn to measure the recall of shortlists; 0 for none", 0, 100_000, 50);
        var shortlist = CommonOptions.Whole("--shortlist", "With --postgres: length of those shortlists", 1, 10_000, 200);
        var json = CommonOptions.Json();
        var command = new CliCommand("verify", "Compare every committed byte of a local index with its checksum, both files of its manifest too, or in a catalog every row with those it belongs to, and name what is damaged. Ends with 1 if anything is. Of a catalog also says how much of the exact shortlist pgvector finds.")
        {
            Options = { index, name, every, queries, shortlist, json },
            Examples = ["retrieval index verify --index index", "retrieval index verify --postgres postgresql://serve@db/retrieval"],
        };
        postgres.AddTo(command);
        postgres.RequireThisOr(command, index);
        command.SetAction((parsed, cancellationToken) =>
        {
            if (postgres.Given(parsed, index))
            {
                var sample = (parsed.GetValue(every), parsed.GetValue(queries), parsed.GetValue(shortlist));
                return CatalogVerifyView.RunAsync(postgres.Open(parsed), parsed.GetValue(name), sample, parsed.GetValue(json), cancellationToken);
            }

            var result = Verify(parsed.GetRequiredValue(index), cancellationToken);
            Printer.Write(result, parsed.GetValue(json), console => Show(console, result));
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
            // Too damaged to open: that is a finding, too.
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
            console.Write(FaultTable.Of(result.Faults));
        }

        if (FaultTable.HasData(result.Faults))
        {
            console.WriteLine(FaultTable.Advice);
        }

        console.WriteLine(result.Ok ? "verified" : "NOT verified");
    }

    private sealed record Verification(bool Ok, string Index, long? Generation, long Ranges, long BytesRead, IReadOnlyList<IndexFault> Faults, string? ContentHash);
}
