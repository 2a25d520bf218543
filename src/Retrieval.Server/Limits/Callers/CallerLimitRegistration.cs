using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
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

    public static void UseCallerLimits(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<CallerLimits>();
        app.Use((context, next) =>
        {
            // What everybody may ask, health above all, is never limited.
            if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null)
            {
                limits.TakeRequest(context);
            }

            return next(context);
        });
    }
}
