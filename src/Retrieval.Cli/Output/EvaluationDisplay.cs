using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>
/// Shows what an evaluation will compute, and how far it is: a progress bar on an interactive terminal, otherwise a line from
/// time to time.
/// </summary>
internal static class EvaluationDisplay
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    public static async Task<EvaluationReport> RunAsync(Func<IProgress<EvaluationProgress>, Task<EvaluationReport>> work)
    {
        if (!Printer.IsWatched)
        {
            return await work(new Lines(TimeProvider.System)).ConfigureAwait(false);
        }

        return await Printer.Messages.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context => work(new Bars(context))).ConfigureAwait(false);
    }

    private static string Describe(EvaluationPlan plan) =>
        $"{Units.Count(plan.CaptionQueries)} of {Units.Count(plan.Captions)} captions and {Units.Count(plan.ImageQueries)} of {Units.Count(plan.Images)} images as queries: {Units.Count(plan.Pairs)} pairs to score";

    private static string Describe(EvaluationProgress progress) => progress is { Plan.Pairs: > 0 and var planned }
        ? $"{progress.Stage}, {Units.Count(progress.PairsScored)} of {Units.Count(planned)} pairs"
            + (progress.Remaining is { } left ? $", {Units.Fixed(progress.PairsPerSecond, 0)} pairs/s, {Units.Time(left)} left" : "")
        : progress.Stage;

    /// <summary>Without a terminal: the plan at once, then a line every ten seconds.</summary>
    private sealed class Lines(TimeProvider time) : IProgress<EvaluationProgress>
    {
        private long _last = time.GetTimestamp();
        private bool _planned;

        public void Report(EvaluationProgress value)
        {
            if (!_planned && value.Plan is { } plan)
            {
                _planned = true;
                Printer.Note(Describe(plan));
            }

            if (time.GetElapsedTime(_last) >= BetweenLines)
            {
                _last = time.GetTimestamp();
                Printer.Note($"{Units.Fixed(100 * value.Done, 0)} % of {Describe(value)}");
            }
        }
    }

    private sealed class Bars(ProgressContext context) : IProgress<EvaluationProgress>
    {
        private readonly Dictionary<string, ProgressTask> _bars = new(StringComparer.Ordinal);
        private readonly Lock _gate = new();
        private bool _planned;

        public void Report(EvaluationProgress value)
        {
            lock (_gate)
            {
                if (!_planned && value.Plan is { } plan)
                {
                    // Through the console that draws the bars: it makes room for the line above them.
                    _planned = true;
                    Printer.Messages.WriteLine(Describe(plan));
                }

                if (!_bars.TryGetValue(value.Stage, out var bar))
                {
                    _bars[value.Stage] = bar = context.AddTask(Markup.Escape(value.Stage), maxValue: 1);
                }

                bar.Value = Math.Max(bar.Value, value.Done);
                bar.Description = Markup.Escape(Describe(value));
            }
        }
    }
}
