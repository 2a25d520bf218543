using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Opening;

/// <summary><c>retrieval bench open</c>.</summary>
internal static class OpenCommand
{
    public static CliCommand Create()
    {
        var images = CommonOptions.Whole("--images", "Images of the index, of two captions each", 1, 100_000_000, 100_000);
        var changed = CommonOptions.Whole("--changed", "Images that each further generation changes", 1, 10_000, 100);
        var repetitions = CommonOptions.Whole("--repetitions", "Further generations; each is opened both ways", 1, 1000, 5);
        var json = CommonOptions.Json();
        var command = new CliCommand("open", "What each generation it follows costs a replica before its first query, against opening it from nothing. Makes an index of its own in the temporary folder (TMPDIR), without a bundle and with next to no records.")
        {
            Options = { images, changed, repetitions, json },
            Examples = ["retrieval bench open --images 1000000"],
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(changed) > result.GetValue(images))
            {
                result.AddError("--changed is more than --images; expected some of them");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var bench = new OpenBench(new OpenOptions
            {
                Images = parsed.GetValue(images),
                Changed = parsed.GetValue(changed),
                Repetitions = parsed.GetValue(repetitions),
            });
            var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.RunAsync(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
            Printer.Write(report, parsed.GetValue(json), console => Show(console, report));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, OpenReport report)
    {
        console.WriteLine(report.Machine.Describe());
        console.WriteLine($"each generation changes {Units.Count(report.Options.Changed)} of {Units.Count(report.Options.Images)} images; median (least … most) of {report.Options.Repetitions}");
        var table = Tables.Titled("opening a generation", "", "#opened in, ms", "#then ids in, ms");
        table.Add("from nothing", report.FromNothing.OpenMs.Show(1), report.FromNothing.LookupsMs.Show(1));
        table.Add("from the generation before", report.FromFormer.OpenMs.Show(1), report.FromFormer.LookupsMs.Show(1));
        console.Write(table);
    }
}
