using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits.Connections;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Callers;

/// <summary>Limits of each caller. Requests are counted once the caller is known, before anything of them is read.</summary>
internal static class CallerLimitRegistration
{
    public static void AddCallerLimits(this IServiceCollection services, CallerOptions options)
    {
        services.AddHttpContextAccessor();
        services.AddSingleton(options);
        services.AddInstruments<CallerMetrics>();
        services.AddSingleton<CallerLimits>();
    }

    /// <summary>Runs before bodies are received.</summary>
    public static void UseLargeBodyPermits(this WebApplication app) => app.UseMiddleware<LargeBodies>();

    public static void UseCallerLimits(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<CallerLimits>();

        // Together callers keep at most all connections busy, and one alone a quarter of them.
        var connections = new SharedPermits(Math.Max(1, app.Services.GetRequiredService<ConnectionTable>().Most / 4));
        app.Use(async (context, next) =>
        {
            // What everybody may ask, health above all, is never limited.
            if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null || CallerLimits.NameOf(context) is not { } caller)
            {
                await next(context).ConfigureAwait(false);
                return;
            }

            limits.TakeRequest(context);
            using var permit = connections.TryTake(caller);
            if (!permit.IsAcquired)
            {
                throw new BadHttpRequestException("the caller keeps too many connections busy", StatusCodes.Status429TooManyRequests);
            }

            await next(context).ConfigureAwait(false);
        });
    }
}
