using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Logging;

/// <summary>
/// One line per request: method, route, status, time. The route is the template, never the path: ids belong to the caller.
/// Requests that machines send every second (health, metrics) appear only at <c>Debug</c>.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider time, ILogger<RequestLog> logger)
{
    // An unknown method is text of the caller's choice and is not logged.
    private static readonly HashSet<string> Methods = new(StringComparer.Ordinal)
    {
        HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete, HttpMethods.Patch, HttpMethods.Options, HttpMethods.Trace, HttpMethods.Connect,
    };

    public async Task InvokeAsync(HttpContext context)
    {
        var began = time.GetTimestamp();
        await next(context).ConfigureAwait(false);
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
        var level = endpoint?.Metadata.GetMetadata<QuietInLog>() is null ? LogLevel.Information : LogLevel.Debug;
        var elapsed = time.GetElapsedTime(began).TotalMilliseconds;
        var method = Methods.TryGetValue(context.Request.Method, out var known) ? known : "(other)";
        LogRequest(level, method, route, context.Response.StatusCode, elapsed);
        Describe(Activity.Current, method, route, context.Response.StatusCode);
    }

    // The span of the request says what the line says, by the names of OpenTelemetry's conventions.
    private static void Describe(Activity? request, string method, string route, int status)
    {
        if (request is { IsAllDataRequested: true })
        {
            request.DisplayName = $"{method} {route}";
            request.SetTag("http.request.method", method).SetTag("http.route", route).SetTag("http.response.status_code", status);
            request.SetStatus(status >= 500 ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        }
    }

    [LoggerMessage(EventId = 1200, Message = "{Method} {Route} {Status} in {ElapsedMs:0.0} ms")]
    private partial void LogRequest(LogLevel level, string method, string route, int status, double elapsedMs);
}
