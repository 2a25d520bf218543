using Microsoft.AspNetCore.Http;
using Retrieval.Server.Errors;
using Retrieval.Server.Health;

namespace Retrieval.Server.Limits.Connections;

/// <summary>Tells the table which connections are busy, and restricts those above the bound to health.</summary>
internal sealed class ConnectionPermits(RequestDelegate next, ConnectionTable table)
{
    public async Task InvokeAsync(HttpContext context, ProblemWriter writer)
    {
        if (context.Features.Get<ConnectionPermit>() is not { } permit)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        var any = table.Begin(permit);
        try
        {
            if (any)
            {
                await next(context).ConfigureAwait(false);
                return;
            }

            // This makes room for the next probe.
            context.Response.OnStarting(static state =>
            {
                ((HttpResponse)state).Headers.Connection = "close";
                return Task.CompletedTask;
            }, context.Response);
            await (HealthRoutes.Has(context.Request.Path) ? next(context) : writer.WriteAsync(context, Problems.NoConnection)).ConfigureAwait(false);
        }
        finally
        {
            table.End(permit);
        }
    }
}
