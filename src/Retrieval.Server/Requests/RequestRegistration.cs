using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Requests;

/// <summary>Reading of bodies, and how answers are written.</summary>
internal static class RequestRegistration
{
    public static void AddRequests(this IServiceCollection services)
    {
        services.AddSingleton<RequestBounds>();
        services.AddSingleton<RequestReader>();
        services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
    }

    /// <summary>HEAD on every route of GET, and no hosts but this server's own.</summary>
    public static void UseRequestRules(this WebApplication app)
    {
        app.UseMiddleware<HeadRequests>();
        app.UseMiddleware<HostFilter>();
    }

    /// <summary>Receives bodies. In front of the limits.</summary>
    public static void UseRequestBodies(this WebApplication app) => app.UseMiddleware<BodyReader>();
}
