using System.Runtime.ExceptionServices;

namespace Retrieval.Search.Ingestion;

/// <summary>Work that runs side by side and ends together.</summary>
internal static class ParallelTasks
{
    /// <summary>Runs all stages; the first that fails ends the others, and its error is what comes out.</summary>
    /// <param name="broken">Cancelled when a stage fails.</param>
    /// <param name="stages">To be run at once.</param>
    public static async Task RunAsync(CancellationTokenSource broken, IReadOnlyList<Func<Task>> stages)
    {
        // The first cause, not a cancellation that followed from it.
        Exception? cause = null;
        var tasks = stages.Select(stage => Task.Run(async () =>
        {
            try
            {
                await stage().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref cause, exception, null);
                await broken.CancelAsync().ConfigureAwait(false);
            }
        }));
        await Task.WhenAll(tasks).ConfigureAwait(false);
        if (cause is not null)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
    }
}
