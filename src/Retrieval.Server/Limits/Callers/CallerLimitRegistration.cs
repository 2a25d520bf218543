using Microsoft.AspNetCore.Builder;
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
            limits.TakeRequest(context);
            return next(context);
        });
    }
}
