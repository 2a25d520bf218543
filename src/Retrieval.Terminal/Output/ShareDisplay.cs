using Spectre.Console;

namespace Retrieval.Terminal.Output;

/// <summary>Shows the progress of a long computation on an interactive terminal.</summary>
public static class ShareDisplay
{
    /// <summary>Runs work that reports its stage and the completed share of it, 0 to 1.</summary>
    public static async Task<T> RunAsync<T>(Func<IProgress<(string Stage, double Done)>, Task<T>> work)
    {
        if (!Printer.IsWatched)
        {
            return await work(new Nobody()).ConfigureAwait(false);
        }

        return await Printer.Messages.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bars(context))).ConfigureAwait(false);
    }

    private sealed class Bars(ProgressContext context) : IProgress<(string Stage, double Done)>
    {
        private readonly Dictionary<string, ProgressTask> _bars = new(StringComparer.Ordinal);
        private readonly Lock _gate = new();

        public void Report((string Stage, double Done) value)
        {
            lock (_gate)
            {
                if (!_bars.TryGetValue(value.Stage, out var bar))
                {
                    _bars[value.Stage] = bar = context.AddTask(Markup.Escape(value.Stage), maxValue: 1);
                }

                bar.Value = Math.Max(bar.Value, value.Done);
            }
        }
    }

    private sealed class Nobody : IProgress<(string Stage, double Done)>
    {
        public void Report((string Stage, double Done) value)
        {
        }
    }
}
