using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Domain.Errors;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Audit;

/// <summary>Records requests that change something, done or refused. Those of unknown callers are not: anybody could fill the disk with them.</summary>
internal static class AuditRegistration
{
    public static void AddAudit(this IServiceCollection services, AuditOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<AuditLog>();
    }

    /// <summary>Runs around everything that decides about a request, so that refusals and failures are recorded too. Opens the file now.</summary>
    /// <exception cref="InvalidConfigurationException">The file cannot be opened.</exception>
    public static void UseAudit(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<AuditLog>();
        app.Use(async (context, next) =>
        {
            await next(context).ConfigureAwait(false);
            var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
            if (endpoint?.Metadata.GetMetadata<Audited>() is { } audited && Caller.Of(context) is { } caller)
            {
                log.Write(EntryOf(context, audited, caller));
            }
        });
    }

    private static AuditEntry EntryOf(HttpContext context, Audited audited, Caller caller) => new(
        audited.Action,
        context.Features.Get<AuditTarget>()?.Name ?? TargetOf(context, audited),
        caller.Label,
        context.Connection.RemoteIpAddress?.ToString() ?? "",
        context.Response.StatusCode,
        Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier);

    // A request that was refused before its body was read has a path all the same.
    private static string TargetOf(HttpContext context, Audited audited)
    {
        try
        {
            return LogText.Name(audited.Target(context));
        }
        catch (InvalidInputException)
        {
            // It was refused for this, with the reason: the path names nothing.
            return "";
        }
    }
}
