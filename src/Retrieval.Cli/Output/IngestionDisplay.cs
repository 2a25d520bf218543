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
        var resumed = progress.RowsBefore is > 0 and var row ? $", resumed at row {Units.Count(row)}" : "";
        return $"{Units.Count(progress.Rows + progress.Uncommitted)}{of} rows, {Units.Fixed(progress.RowsPerSecond, 1)} rows/s{rejected}{resumed}";
    }

    // At once, and each once: a run over millions of rows is best stopped early.
    private static int Tell(IngestionProgress progress, int told, Action<string> write)
    {
        foreach (var warning in progress.Warnings.Skip(told))
        {
            write($"warning: {warning}");
        }

        return progress.Warnings.Count;
    }

    private sealed class Bar(ProgressTask task) : IProgress<IngestionProgress>
    {
        private int _told;

        public void Report(IngestionProgress value)
        {
            // Through the console that draws the bar: it writes above it.
            _told = Tell(value, _told, text => Printer.Messages.WriteLine(Safe.Line(text)));
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
        private int _told;

        public void Report(IngestionProgress value)
        {
            _told = Tell(value, _told, Printer.Note);
            // The row where a resumed run starts is shown at once.
            var first = !_begun && value.RowsBefore > 0;
            _begun = true;
            if (first || time.GetElapsedTime(_last) >= BetweenLines)
            {
                _last = time.GetTimestamp();
                Printer.Note($"{Describe(value)}{(value.Remaining is { } left ? $", {Units.Time(left)} left" : "")}");
            }
        }
    }
}
