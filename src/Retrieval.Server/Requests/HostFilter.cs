using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;
using Retrieval.Server.Health;

namespace Retrieval.Server.Requests;

/// <summary>
/// Refuses requests for other hosts: a page in a browser can make its own name resolve to the loopback address, and so query a
/// server that only listens there. Health is exempt: it reveals nothing useful, and probes use any address.
/// </summary>
internal sealed class HostFilter(RequestDelegate next, ServerOptions options)
{
    // Null for any.
    private readonly StringSegment[]? _allowed = options.Http.Hosts is { } hosts ? [.. hosts.Select(host => new StringSegment(host))] : null;

    public Task InvokeAsync(HttpContext context, ProblemWriter writer)
    {
        // HTTP/1.0 need not name a host, and no browser sends such a request.
        var host = context.Request.Host;
        return _allowed is null || !host.HasValue || HostString.MatchesAny(host.Host, _allowed) || HealthRoutes.Has(context.Request.Path)
            ? next(context)
            : writer.WriteAsync(context, Problems.OtherHost);
    }
}
