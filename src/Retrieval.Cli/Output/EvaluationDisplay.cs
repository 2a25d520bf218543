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

    /// <param name="prefix">Begins every line: which of several bundles it is about.</param>
    /// <param name="work">The evaluation.</param>
    public static async Task<EvaluationReport> RunAsync(string prefix, Func<IProgress<EvaluationProgress>, Task<EvaluationReport>> work)
    {
        if (!Printer.IsWatched)
        {
            return await work(new Lines(prefix, TimeProvider.System)).ConfigureAwait(false);
        }

        return await Printer.Messages.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context => work(new Bars(prefix, context))).ConfigureAwait(false);
    }

    private static string Describe(EvaluationPlan plan) =>
        $"{Units.Count(plan.CaptionQueries)} of {Units.Count(plan.Captions)} captions and {Units.Count(plan.ImageQueries)} of {Units.Count(plan.Images)} images as queries: {Units.Count(plan.Pairs)} pairs to score"
        + (plan.PairsOfAll is { } all ? $"; all queries would have {Units.Count(all)}: --queries all takes them" : "");

    // The share that a bar or a line gives is that of all pairs, so the numbers beside it are of all pairs too.
    private static string Describe(EvaluationProgress progress)
    {
        var pairs = progress.Plan is { Pairs: > 0 and var planned }
            ? $"{Units.Count(progress.PairsScored)} of {Units.Count(planned)} pairs, "
                + (progress.PairsPerSecond > 0 ? $"{Units.Fixed(progress.PairsPerSecond, 0)} pairs/s, " : "")
            : "";
        return $"{pairs}{(progress.Remaining is { Ticks: > 0 } left ? $"{Units.Time(left)} left, " : "")}{progress.Stage}";
    }

    /// <summary>Without a terminal: the plan at once, then a line every ten seconds.</summary>
    private sealed class Lines(string prefix, TimeProvider time) : IProgress<EvaluationProgress>
    {
        private long _last = time.GetTimestamp();
        private bool _planned;

        public void Report(EvaluationProgress value)
        {
            if (!_planned && value.Plan is { } plan)
            {
                _planned = true;
                Printer.Note(prefix + Describe(plan));
            }

            if (time.GetElapsedTime(_last) >= BetweenLines)
            {
                _last = time.GetTimestamp();
                Printer.Note($"{prefix}{Units.Fixed(100 * value.Share, 0)} %: {Describe(value)}");
            }
        }
    }

    /// <summary>On a terminal: a bar for the encoding and one for all pairs.</summary>
    private sealed class Bars(string prefix, ProgressContext context) : IProgress<EvaluationProgress>
    {
        private const string AllPairs = "pairs";
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
                    Printer.Messages.WriteLine(prefix + Describe(plan));
                }

                var name = value.Plan is { Pairs: > 0 } ? AllPairs : value.Stage;
                if (!_bars.TryGetValue(name, out var bar))
                {
                    _bars[name] = bar = context.AddTask(Markup.Escape(name), maxValue: 1);
                }

                bar.Value = Math.Max(bar.Value, value.Share);
                bar.Description = Markup.Escape(Describe(value));
            }
        }
    }
}
