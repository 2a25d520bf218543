using Microsoft.AspNetCore.Http;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Limits;

/// <summary>
/// Closes the connection of a request whose answer has begun and is not sent some time after the request's time limit: its client does
/// not read, and it holds a permit. What does not come to an answer is not touched: <see cref="EndsInTime"/> sees to that.
/// </summary>
internal sealed class UnreadAnswers(RequestDelegate next, ServerOptions options, TimeProvider time)
{
    private readonly TimeSpan _grace = TimeSpan.FromSeconds(options.Http.MinRateGraceSeconds);

    public async Task InvokeAsync(HttpContext context)
    {
        using var watch = new Watch(context, time, _grace);
        using var limit = context.RequestAborted.UnsafeRegister(static state => ((Watch)state!).Begin(), watch);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.Response.HasStarted && context.RequestAborted.IsCancellationRequested)
        {
            // What was sent of it must not be taken for the whole. Nobody's fault but the client's.
            context.Abort();
        }
    }

    private sealed class Watch(HttpContext context, TimeProvider time, TimeSpan grace) : IDisposable
    {
        private readonly Lock _gate = new();
        private ITimer? _timer;
        private bool _ended;

        /// <summary>The time limit has passed, or the client has left.</summary>
        public void Begin()
        {
            lock (_gate)
            {
                _timer = _ended ? null : time.CreateTimer(static state => ((Watch)state!).Look(), this, grace, grace);
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _ended = true;
                _timer?.Dispose();
            }
        }

        // Under the lock: once the request has ended its context belongs to another.
        private void Look()
        {
            lock (_gate)
            {
                if (!_ended && context.Response.HasStarted)
                {
                    context.Abort();
                }
            }
        }
    }
}
