using System.CommandLine;
using Retrieval.Inference;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Ingestion;

/// <summary><c>retrieval bench ingest</c>.</summary>
internal static class IngestCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var images = CommonOptions.Wholes("--images", "Sizes of the corpora; each is measured", 1, 10_000_000, 500, 1000, 2000);
        var captions = CommonOptions.Whole("--captions-per-image", "Captions of each image; 0 for none", 0, 100, 5);
        var words = CommonOptions.Whole("--words", "Words of a caption", 1, 1000, 14);
        var batch = CommonOptions.Whole("--batch", "Rows encoded together", 1, 4096, 32);
        var commitRows = CommonOptions.Whole("--commit-rows", "Rows between two commits", 1, 10_000_000, 1024);
        var postgres = new Option<string?>("--postgres") { Description = "Ingest into this catalog instead of a local index; indexes of its own, dropped afterwards", HelpName = "CONNECTION" };
        var keep = new Option<string?>("--keep") { Description = "Make an index of random records in this folder, as fast as the disk takes it, and keep it; nothing is ingested. For measuring a server", HelpName = "DIR" };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("ingest", "Rows a second and peak memory of ingestion at several corpus sizes, against the encoders alone. Makes its corpora and indexes in the temporary folder (TMPDIR), with features of zero.")
        {
            Options = { bundle, images, captions, words, batch, commitRows, postgres, keep, threads, json },
            Examples =
            [
                "retrieval bench ingest --bundle models/scenes/bundle --images 1000,4000,16000",
                "retrieval bench ingest --bundle models/scenes/bundle --images 31000 --captions-per-image 1 --keep index",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(keep) is null)
            {
                return;
            }

            if (result.GetResult(images) is null or { Implicit: true } || result.GetValue(images) is not [_])
            {
                result.AddError("--keep needs --images with one number");
            }

            if (result.GetValue(postgres) is not null)
            {
                result.AddError("--keep makes a local index; it does not go with --postgres");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var inference = device.Read(parsed, new InferenceOptions());
            var bench = new IngestBench(new IngestOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Images = parsed.GetRequiredValue(images),
                CaptionsPerImage = parsed.GetValue(captions),
                Words = parsed.GetValue(words),
                Batch = parsed.GetValue(batch),
                CommitRows = parsed.GetValue(commitRows),
                Postgres = parsed.GetValue(postgres),
                Threads = parsed.GetValue(threads),
                Keep = parsed.GetValue(keep),
                Provider = inference.Provider,
                ProviderLibrary = inference.ProviderLibrary,
            });
            var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.RunAsync(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
            Printer.Write(report, parsed.GetValue(json), console => Show(console, report));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, IngestReport report)
    {
        console.WriteLine(report.Machine.Describe());
        console.WriteLine($"encoders on {report.Device.Describe()}");
        if (report.Options.Keep is { } folder)
        {
            console.WriteLine($"{folder}: {Units.Count(report.Runs[0].Images)} images, {Units.Bytes(report.Runs[0].IndexBytes)}, {Units.Fixed(report.Runs[0].RowsPerSecond, 1)} rows/s written; {report.Features}");
            return;
        }

        console.WriteLine($"features: {report.Features}. Memory is that of real ones; the rate leaves out reading them");
        console.WriteLine("each size in a process of its own; peak resident memory is that process's (VmHWM)");
        var table = Tables.Titled(
            $"ingestion, {report.Options.CaptionsPerImage} captions an image", "#images", "#rows/s", "#encoders alone, rows/s", "#share", "#peak resident memory", "#index");
        foreach (var run in report.Runs)
        {
            table.Add(
                Units.Count(run.Images),
                Units.Fixed(run.RowsPerSecond, 1),
                Units.Fixed(run.EncoderRowsPerSecond, 1),
                $"{Units.Fixed(100 * run.ShareOfEncoders, 0)} %",
                Units.Bytes(run.PeakResidentBytes),
                Units.Bytes(run.IndexBytes));
        }

        console.Write(table);
    }
}
