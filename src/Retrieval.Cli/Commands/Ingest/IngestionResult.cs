using Retrieval.Features.Sources;
using Retrieval.Features.Statistics;
using Retrieval.Search.Ingestion;
using Retrieval.Storage.Rows;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands.Ingest;

/// <summary>What <c>retrieval ingest</c> prints.</summary>
internal sealed record IngestionResult(
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
    IReadOnlyList<RejectReason> Reasons,
    Totals? AllRuns,
    string? Part,
    bool? SourceComplete,
    bool? ShortlistBuilt,
    bool? Activated)
{
    /// <summary>What storing would take; null if this was no dry run, or if there is nothing to store.</summary>
    public IngestionEstimate? Estimate { get; init; }

    /// <summary>How the features differ from those that the model learned from, where they differ most; null if the bundle does not say what those were like.</summary>
    public FeatureDifference? Features { get; init; }

    /// <summary>What people should look at.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    private const string Checks = "its id, captions and metadata; that its captions hold words; that its features and boxes are finite and of the model's shape";

    /// <param name="source">Name of the source.</param>
    /// <param name="options">Options of the ingestion.</param>
    /// <param name="destination">Where the results are stored; null for a dry run.</param>
    /// <param name="ledger">The source's checkpoint after the run.</param>
    /// <param name="report">The job's report.</param>
    public static IngestionResult Of(string source, IngestionOptions options, IngestDestination? destination, SourceCheckpoint? ledger, IngestionReport report)
    {
        var progress = report.Progress;
        var end = destination?.Target is CatalogIngestionTarget ? report.End : null;
        return new IngestionResult(
            source, destination?.Label, destination is null, progress.Rows, progress.TotalRows, report.ResumedAtRow, progress.Ingested, progress.Replaced, progress.Skipped,
            progress.Rejected, progress.Captions, progress.Elapsed.TotalSeconds, progress.RowsPerSecond, report.Generation, report.RejectsFile, report.FirstRejects, report.Reasons,
            ledger is null ? null : new Totals(ledger.Ingested, ledger.Replaced, ledger.Skipped, ledger.Rejected),
            options.Parts == 1 ? null : $"{options.Part}/{options.Parts}", end?.SourceComplete, end?.ShortlistBuilt, end?.Activated)
        {
            Features = report.Features,
            Warnings = progress.Warnings,
        };
    }

    public void Show(IAnsiConsole console)
    {
        var catalog = SourceComplete is not null;
        var facts = new List<(string, string)>
        {
            ("rows", $"{Units.Count(Rows)}{Resumed()}"),
            (DryRun ? "without a fault" : "stored", $"{Units.Counted(Ingested, "image")}, {Units.Counted(Captions, "caption")}"),
            ("of them replaced", DryRun ? "—" : Units.Count(Replaced)),
            ("unchanged, skipped", Units.Count(Skipped)),
            ("rejected", Units.Count(Rejected) + (AllRuns is { } all && all.Rejected != Rejected ? $" ({Units.Count(all.Rejected)} in all runs)" : "")),
            ("time", $"{Units.Time(TimeSpan.FromSeconds(Seconds))}, {Units.Fixed(RowsPerSecond, 1)} rows/s"),
            (catalog ? "epoch" : "index generation", Generation is { } generation ? Units.Count(generation) : "—"),
        };
        if ((Rejected > 0 || AllRuns?.Rejected > 0) && (catalog ? "in the catalog, retrieval.reject" : RejectsFile) is { } place)
        {
            facts.Add(("rejects", place));
        }

        if (catalog)
        {
            facts.Add(("source", SourceComplete == true ? "complete" : "other parts are not stored yet"));
            facts.Add(("nearest-neighbour indexes", ShortlistBuilt == true ? "there" : "not built yet"));
            facts.Add(("activated by this run", Activated == true ? "yes, no index was active before" : "no; `retrieval index status` says which one is active"));
        }

        if (Features is { } features)
        {
            facts.Add(("features, against those learned from", $"norms {Units.Fixed(features.Scale, 2)} times, means correlate by {Units.Fixed(features.Correlation, 2)}, {Units.Fixed(features.Distance, 2)} deviations away"));
        }

        if (Estimate is { } estimate)
        {
            facts.Add(("would take, in a local index", $"about {Units.Bytes(estimate.IndexBytes)}"));
            facts.Add(("in a catalog", $"about {Units.Bytes(estimate.CatalogBytes)}"));
            facts.Add(("time to encode", $"about {Units.Time(TimeSpan.FromSeconds(estimate.Seconds))} on this machine as it is loaded now"));
        }

        console.Write(Tables.Facts(DryRun ? $"{Source}: dry run" : $"{Source}{(Part is null ? "" : $", part {Part}")} → {Index}", [.. facts]));
        if (DryRun)
        {
            console.WriteLine($"checked of each row: {Checks}");
            if (Estimate is not null)
            {
                console.WriteLine($"estimated: bytes from the bundle's record sizes and the captions of the first rows; time from encoding the first {Units.Counted(Estimate.TimedImages, "image")}");
            }

            console.WriteLine("nothing was stored; not checked: what the encoders give (a row they give NaN for is rejected only then), and the index");
        }

        if (Rejects.Count > 0)
        {
            console.Write(ReasonsTable());
            console.Write(RejectsTable());
        }
    }

    private Table ReasonsTable()
    {
        var table = Tables.Titled("reasons", "#times", "file", "reason of the first");
        foreach (var (count, first) in Reasons)
        {
            table.Add(Units.Count(count), first.Source, first.Reason);
        }

        return table;
    }

    private Table RejectsTable()
    {
        var table = Tables.Titled(Rejected > Rejects.Count ? $"the first {Units.Counted(Rejects.Count, "reject")}" : "rejects", "file", "#row", "id", "reason");
        foreach (var reject in Rejects)
        {
            table.Add(reject.Source, Units.Count(reject.Row), reject.Id ?? "", reject.Reason);
        }

        return table;
    }

    private string Resumed() => ResumedAtRow switch
    {
        0 => "",
        var row when row == Rows => ", all of them by an earlier run; --restart reads them again",
        var row => $"; resumed at row {Units.Count(row)}",
    };
}

/// <summary>Counts of a source over all runs, from its checkpoint in the index.</summary>
internal sealed record Totals(long Ingested, long Replaced, long Skipped, long Rejected);
