using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Retrieval.Server.Requests;

/// <summary>
/// Answers HEAD like GET without a body, on every route. The server itself suppresses the body of a HEAD request; here the
/// request only has to match the route.
/// </summary>
internal sealed class HeadRequests(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var head = HttpMethods.IsHead(context.Request.Method);
        context.Response.OnStarting(AllowHead, context.Response);
        if (!head)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // For the log and the metrics.
            context.Request.Method = HttpMethods.Head;
        }
    }

    private static Task AllowHead(object state)
    {
        var response = (HttpResponse)state;
        var allowed = response.Headers.GetCommaSeparatedValues(HeaderNames.Allow);
        if (allowed.Contains(HttpMethods.Get) && !allowed.Contains(HttpMethods.Head))
        {
            response.Headers.Allow = string.Join(", ", [.. allowed, HttpMethods.Head]);
        }

        return Task.CompletedTask;
    }
}
