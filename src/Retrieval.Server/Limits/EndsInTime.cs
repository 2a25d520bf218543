using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Limits;

/// <summary>
/// Ends a request at its time limit, or when its caller has left, even if the batch that computes for it does not end. What was
/// admitted for it stays admitted until the batch has ended, and its answer is then discarded.
/// </summary>
internal sealed class EndsInTime : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var work = next(context).AsTask();
        try
        {
            return await work.WaitAsync(context.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It may have ended just now, with an answer that nobody takes.
            _ = DiscardAsync(work);
            throw;
        }
    }

    private static async Task DiscardAsync(Task<object?> work)
    {
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (work.IsCompletedSuccessfully)
        {
            (await work.ConfigureAwait(false) as IDisposable)?.Dispose();
        }
    }
}
