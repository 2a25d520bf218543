using Retrieval.Search.Ingestion;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>Shows an ingestion while it runs: a progress bar on an interactive terminal, otherwise a line from time to time.</summary>
internal static class IngestionDisplay
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    public static async Task<IngestionReport> RunAsync(Func<IProgress<IngestionProgress>, Task<IngestionReport>> job)
    {
        if (!Printer.IsWatched)
        {
            return await job(new Lines(TimeProvider.System)).ConfigureAwait(false);
        }

        return await Printer.Messages.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context => job(new Bar(context.AddTask("starting")))).ConfigureAwait(false);
    }

    private static string Describe(IngestionProgress progress)
    {
        var of = progress.TotalRows is { } total ? $" of {Units.Count(total)}" : "";
        var rejected = progress.Rejected > 0 ? $", {Units.Count(progress.Rejected)} rejected" : "";
        var resumed = ResumedAt(progress) is > 0 and var row ? $", resumed at row {Units.Count(row)}" : "";
        return $"{Units.Count(progress.Rows + progress.Uncommitted)}{of} rows, {Units.Fixed(progress.RowsPerSecond, 1)} rows/s{rejected}{resumed}";
    }

    // The rows that this run has not processed itself.
    private static long ResumedAt(IngestionProgress progress) => progress.Rows - progress.Ingested - progress.Skipped - progress.Rejected;

    private sealed class Bar(ProgressTask task) : IProgress<IngestionProgress>
    {
        public void Report(IngestionProgress value)
        {
            task.IsIndeterminate = value.TotalRows is null;
            task.MaxValue = value.TotalRows ?? 1;
            task.Value = value.TotalRows is null ? 0 : value.Rows + value.Uncommitted;
            task.Description = Describe(value);
        }
    }

    private sealed class Lines(TimeProvider time) : IProgress<IngestionProgress>
    {
        private long _last = time.GetTimestamp();
        private bool _begun;

        public void Report(IngestionProgress value)
        {
            // The row where a resumed run starts is shown at once.
            var first = !_begun && ResumedAt(value) > 0;
            _begun = true;
            if (first || time.GetElapsedTime(_last) >= BetweenLines)
            {
                _last = time.GetTimestamp();
                Printer.Note($"{Describe(value)}{(value.Remaining is { } left ? $", {Units.Time(left)} left" : "")}");
            }
        }
    }
}
