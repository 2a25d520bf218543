using System.Runtime.ExceptionServices;

namespace Retrieval.Search.Ingestion;

/// <summary>Tasks that run concurrently and end together.</summary>
internal static class ParallelTasks
{
    /// <summary>Runs all stages. The first one that fails stops the others, and its error is rethrown.</summary>
    /// <param name="broken">Cancelled when a stage fails.</param>
    /// <param name="stages">Run concurrently.</param>
    public static async Task RunAsync(CancellationTokenSource broken, IReadOnlyList<Func<Task>> stages)
    {
        // Keeps the first cause, not a cancellation that resulted from it.
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
