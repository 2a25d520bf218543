using System.CommandLine;
using Retrieval.Cli.Output;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval ingest</c>: a split of features and captions into a local index.</summary>
internal static class IngestCommand
{
    private const string Checks = "its id, captions and metadata; that its captions hold words; that its features and boxes are finite and of the model's shape";

    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Folder("--index", "Folder of the local index; made if it is not there");
        index.Required = false;
        var source = new SourceOptions();
        var dryRun = new Option<bool>("--dry-run") { Description = "Read every row and check what a row must hold, without running the encoders or storing anything; needs no index" };
        var restart = new Option<bool>("--restart") { Description = "Read the source from its first row again; unchanged images are skipped" };
        var replace = new Option<bool>("--replace") { Description = "Put an image in the place of one that another source wrote under the same id; otherwise it is rejected. A source may always replace its own" };
        var batch = CommonOptions.Whole("--batch", "Rows encoded together; a run that is resumed keeps to the number it began with", 1, 4096, 32);
        var commitRows = CommonOptions.Whole("--commit-rows", "Rows between two commits: what a kill can cost to do again", 1, 10_000_000, 1024);
        var strict = new Option<bool>("--strict") { Description = "End with 1 if a row was refused" };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("ingest", "Encode images and their captions and store them in a local index. A run that was stopped goes on where its index ends.")
        {
            Options = { bundle, index, source.Folder, source.Split, source.Tsv, source.Captions, source.CaptionsPerImage, dryRun, restart, replace, batch, commitRows, strict, threads, json },
            Examples =
            [
                "retrieval ingest --bundle models/scenes/bundle --index index --source models/scenes/corpus --split test",
                "retrieval ingest --bundle flickr30k --index index --tsv features.tsv --captions captions.json",
                "retrieval ingest --bundle models/scenes/bundle --source models/scenes/corpus --split test --dry-run --strict",
            ],
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(index) is null && !result.GetValue(dryRun))
            {
                result.AddError("--index is missing; only --dry-run does without it");
            }
        });
        source.Require(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new IngestionOptions
            {
                SourceKey = source.KeyOf(parsed),
                BatchRows = parsed.GetValue(batch),
                CommitRows = parsed.GetValue(commitRows),
                DryRun = parsed.GetValue(dryRun),
                Restart = parsed.GetValue(restart),
                Replace = parsed.GetValue(replace),
            };
            var inference = new InferenceOptions { Threads = parsed.GetValue(threads) };
            return RunAsync(
                parsed.GetRequiredValue(bundle),
                inference,
                expected => source.Open(parsed, expected),
                parsed.GetValue(index) ?? "",
                options,
                (parsed.GetValue(strict), parsed.GetValue(json)),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string bundle,
        InferenceOptions inference,
        Func<FeatureExpectation, IFeatureSource> open,
        string index,
        IngestionOptions options,
        (bool Strict, bool Json) output,
        CancellationToken cancellationToken)
    {
        using var model = MatchingModel.Load(bundle, inference);
        using var source = open(new FeatureExpectation { RegionCount = model.Manifest.RegionCount, RegionWidth = model.Manifest.RegionWidth });
        var job = new IngestionJob(model, options, TimeProvider.System);
        IngestionReport report;
        try
        {
            report = await IngestionDisplay.RunAsync(progress => job.RunAsync(source, index, progress, cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!options.DryRun)
        {
            var next = LedgerOf(index, options.SourceKey)?.NextRow ?? 0;
            Terminal.Note($"stopped; what was committed stays, and the same command{(options.Restart ? " without --restart" : "")} goes on at row {Units.Count(next)}");
            throw;
        }

        var result = IngestionResult.Of(source.Name, options, index, report);
        Terminal.Write(result, output.Json, console => Show(console, result));
        return output.Strict && (result.AllRuns?.Rejected ?? result.Rejected) > 0 ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private static void Show(IAnsiConsole console, IngestionResult result)
    {
        console.Write(Tables.Facts(
            result.DryRun ? $"{result.Source}: dry run" : $"{result.Source} → {result.Index}",
            ("rows", $"{Units.Count(result.Rows)}{Resumed(result)}"),
            (result.DryRun ? "without a fault" : "stored", $"{Units.Count(result.Ingested)} images, {Units.Count(result.Captions)} captions"),
            ("of them in the place of another", result.DryRun ? "—" : Units.Count(result.Replaced)),
            ("unchanged, skipped", Units.Count(result.Skipped)),
            ("rejected", Units.Count(result.Rejected) + (result.AllRuns is { } all && all.Rejected != result.Rejected ? $" ({Units.Count(all.Rejected)} in all runs)" : "")),
            ("time", $"{Units.Time(TimeSpan.FromSeconds(result.Seconds))}, {Units.Fixed(result.RowsPerSecond, 1)} rows/s"),
            ("index generation", result.Generation is { } generation ? Units.Count(generation) : "—"),
            ("rejects file", result.RejectsFile ?? "—")));
        if (result.DryRun)
        {
            console.WriteLine($"checked of each row: {Checks}");
            console.WriteLine("nothing was encoded or stored; not checked: what the encoders give (a row they give NaN for is rejected only then), and the index");
        }

        if (result.Rejects.Count == 0)
        {
            return;
        }

        var rejects = Tables.Titled(result.Rejected > result.Rejects.Count ? $"the first {result.Rejects.Count} rejected rows" : "rejected rows", "file", "#row", "id", "reason");
        foreach (var reject in result.Rejects)
        {
            rejects.Add(reject.Source, Units.Count(reject.Row), reject.Id ?? "", reject.Reason);
        }

        console.Write(rejects);
    }

    private static string Resumed(IngestionResult result) => result.ResumedAtRow switch
    {
        0 => "",
        var row when row == result.Rows => ", all of them by an earlier run; --restart reads them again",
        var row => $"; resumed at row {Units.Count(row)}",
    };

    private static LedgerEntry? LedgerOf(string indexPath, string sourceKey)
    {
        try
        {
            using var index = LocalIndex.Open(indexPath);
            return index.Ledger.FirstOrDefault(entry => entry.SourceKey == sourceKey);
        }
        catch (IndexMissingException)
        {
            // Stopped before it was made.
            return null;
        }
    }

    private sealed record IngestionResult(
        string Source,
        string? Index,
        bool DryRun,
        long Rows,
        long? TotalRows,
        long ResumedAtRow,
        long Ingested,
        long Replaced,
        long Skipped,
        long Rejected,
        long Captions,
        double Seconds,
        double RowsPerSecond,
        long? Generation,
        string? RejectsFile,
        IReadOnlyList<RejectedSample> Rejects,
        Totals? AllRuns)
    {
        public static IngestionResult Of(string source, IngestionOptions options, string index, IngestionReport report)
        {
            var (progress, dry) = (report.Progress, options.DryRun);
            return new IngestionResult(
                source, dry ? null : index, dry, progress.Rows, progress.TotalRows, report.ResumedAtRow, progress.Ingested, progress.Replaced, progress.Skipped,
                progress.Rejected, progress.Captions, progress.Elapsed.TotalSeconds, progress.RowsPerSecond, report.Generation,
                report.RejectsFile, report.FirstRejects, dry || LedgerOf(index, options.SourceKey) is not { } ledger ? null : new Totals(ledger.Ingested, ledger.Replaced, ledger.Skipped, ledger.Rejected));
        }
    }

    /// <summary>Counts of a source over all runs, from the index's ledger.</summary>
    private sealed record Totals(long Ingested, long Replaced, long Skipped, long Rejected);
}
