using System.CommandLine;
using Retrieval.Cli.Output;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Repair;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index repair</c>: repairs an index whose manifest is damaged or lost.</summary>
internal static class IndexRepairCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        var bundle = CommonOptions.Bundle();
        bundle.Required = false;
        bundle.Description = "Folder of the bundle the index was made with, for where nothing of the index says so any more";
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing, only say what would be done" };
        var json = CommonOptions.Json();
        var command = new CliCommand(
            "repair",
            "Make a local index whole whose manifest is damaged or lost: rebuild it from the sealed data, all of which are read and compared with their checksums. Nothing is deleted: what is of no use is set aside. Ends with 1, and leaves all as it is, if data are damaged or it cannot be told what was committed.")
        {
            Options = { index, bundle, dryRun, json },
            Examples = ["retrieval index repair --index index --dry-run", "retrieval index repair --index index"],
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(index);
            var schema = parsed.GetValue(bundle) is { } folder ? BundleSet.Read([folder]).Schemas.Values.Single() : null;
            var dry = parsed.GetValue(dryRun);
            var report = LocalIndexRepair.Run(path, schema, dry, cancellation: cancellationToken);
            Printer.Write(new { Index = path, DryRun = dry, Repair = report }, parsed.GetValue(json), console => Show(console, path, dry, report));
            return Task.FromResult(report.Ok ? ExitCodes.Ok : ExitCodes.Failed);
        });
        return command;
    }

    private static void Show(IAnsiConsole console, string path, bool dryRun, RepairReport report)
    {
        List("found", report.Found);
        List(dryRun ? "would be done" : "done", report.Done);
        if (report.Damaged.Count > 0)
        {
            console.Write(FaultTable.Of(report.Damaged));
            console.WriteLine(FaultTable.Advice);
        }

        if (report.Ok)
        {
            console.Write(Tables.Facts(
                path,
                ("generation", Units.Count(report.Generation ?? 0)),
                ("images", Units.Count(report.Images)),
                ("captions", Units.Count(report.Captions)),
                ("content hash", report.ContentHash ?? "—")));
        }

        console.WriteLine((report.Ok, dryRun, report.Done.Count) switch
        {
            (false, _, _) => "NOT repaired; nothing was changed",
            (true, _, 0) => "nothing to repair",
            (true, true, _) => "can be repaired; nothing was changed",
            _ => "repaired",
        });

        void List(string title, IReadOnlyList<string> lines)
        {
            if (lines.Count > 0)
            {
                console.WriteLine($"{title}:");
                foreach (var line in lines)
                {
                    console.WriteLine($"  {Safe.Line(line)}");
                }
            }
        }
    }
}
