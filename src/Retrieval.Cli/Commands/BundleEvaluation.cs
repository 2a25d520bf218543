using Retrieval.Cli.Input;
using Retrieval.Cli.Output;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate --bundle</c>: what each stage finds, and what a shortlist loses.</summary>
internal static class BundleEvaluation
{
    public static async Task<int> RunAsync(Request request, bool json, CancellationToken cancellationToken)
    {
        using var model = MatchingModel.Load(request.Bundle, request.Inference);
        using var opened = request.Open(new FeatureExpectation { RegionCount = model.Manifest.RegionCount, RegionWidth = model.Manifest.RegionWidth });
        using var source = request.Limit is { } limit ? new LimitedSource(opened, limit) : opened;
        var evaluator = new Evaluator(model, new EvaluationOptions { Shortlists = request.Shortlists, Full = request.Full }, TimeProvider.System);
        var work = Directory.CreateTempSubdirectory("retrieval-evaluate-");
        try
        {
            var report = await ShareDisplay.RunAsync(
                progress => Task.Run(() => evaluator.RunAsync(source, work.FullName, progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
            var device = DeviceView.Of(model.Device);
            Printer.Write(ReportView.Of(report, device), json, console => Show(console, report, device));
            return ExitCodes.Ok;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static void Show(IAnsiConsole console, EvaluationReport report, DeviceView device)
    {
        console.WriteLine($"{report.Model}: {Units.Count(report.Images)} images, {Units.Count(report.Captions)} captions");
        console.WriteLine($"{Units.Count(report.PairsScored)} pairs scored in {Units.Time(report.ScoringTime)} on {device.Describe()}");
        foreach (var (title, rows) in new[]
        {
            ("text to image", report.Rows.Select(row => (row, row.TextToImage, row.ShortlistOverlapAt10?.TextToImage))),
            ("image to text", report.Rows.Select(row => (row, row.ImageToText, row.ShortlistOverlapAt10?.ImageToText))),
        })
        {
            var table = EvaluationTable.Create(title, "ranking", "#shortlist", "#full top 10 inside", "#of it, mean");
            foreach (var (row, ranks, overlap) in rows)
            {
                EvaluationTable.AddRow(table, ranks, row.Ranking, row.Shortlist is { } size ? Units.Count(size) : "", overlap is { } share ? $"{Units.Fixed(share.Whole, 1)} %" : "", overlap is { } mean ? $"{Units.Fixed(mean.Mean, 1)} %" : "");
            }

            console.Write(table);
        }
    }

    /// <param name="Bundle">Folder of the bundle.</param>
    /// <param name="Open">Opens the split, given what the bundle expects of it.</param>
    /// <param name="Shortlists">Shortlist sizes.</param>
    /// <param name="Full">Whether every pair is scored as well.</param>
    /// <param name="Limit">Most images to use; null for all.</param>
    /// <param name="Inference">How and where the model is run.</param>
    internal sealed record Request(
        string Bundle, Func<FeatureExpectation, IFeatureSource> Open, IReadOnlyList<int> Shortlists, bool Full, int? Limit, InferenceOptions Inference);

    private sealed record ReportView(string Model, DeviceView Device, long Images, long Captions, long PairsScored, double ScoringSeconds, IReadOnlyList<RowView> Rows)
    {
        public static ReportView Of(EvaluationReport report, DeviceView device) => new(
            report.Model, device, report.Images, report.Captions, report.PairsScored, report.ScoringTime.TotalSeconds, [.. report.Rows.Select(RowView.Of)]);
    }

    private sealed record RowView(
        string Ranking, int? Shortlist, EvaluationView.Direction ImageToText, EvaluationView.Direction TextToImage, double Rsum, ShortlistOverlap? ShortlistOverlapAt10)
    {
        public static RowView Of(EvaluationRow row) => new(
            row.Ranking,
            row.Shortlist,
            EvaluationView.Direction.Of(row.ImageToText),
            EvaluationView.Direction.Of(row.TextToImage),
            row.ImageToText.RecallSum + row.TextToImage.RecallSum,
            row.ShortlistOverlapAt10);
    }
}
