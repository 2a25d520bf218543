using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Search.Queries;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Limits;

/// <summary>
/// Ends the wait for a permit when the request's own deadline passes. The limiter only knows the request's cancellation token,
/// so that token carries the deadline while the request waits, and is restored once the request has its permit.
/// </summary>
internal static class QueueDeadline
{
    /// <summary>Wraps the limiter.</summary>
    public static void UseWithDeadline(this WebApplication app, Action<IApplicationBuilder> limiter)
    {
        var time = (TimeProvider)app.Services.GetService(typeof(TimeProvider))!;
        app.Use((context, next) => WaitAsync(context, next, time));
        limiter(app);
        app.Use((context, next) =>
        {
            context.Features.Get<Waiting>()?.End(context);
            return next(context);
        });
    }

    private static async Task WaitAsync(HttpContext context, RequestDelegate next, TimeProvider time)
    {
        if (context.Features.Get<ReceivedBody>()?.Deadline is not { } deadline)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        using var passed = new CancellationTokenSource(deadline.Left(time), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(passed.Token, context.RequestAborted);
        var waiting = new Waiting(context.RequestAborted);
        context.Features.Set(waiting);
        context.RequestAborted = either.Token;
        await next(context).ConfigureAwait(false);
        if (waiting.End(context) && passed.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            throw new DeadlineExceededException(deadline);
        }
    }

    private sealed class Waiting(CancellationToken own)
    {
        private bool _ended;

        /// <summary>Restores the request's own token; returns whether the request was still waiting.</summary>
        public bool End(HttpContext context)
        {
            if (_ended)
            {
                return false;
            }

            _ended = true;
            context.RequestAborted = own;
            return true;
        }
    }
}
