using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Requests;

/// <summary>Registers how bodies are read and answers are serialized.</summary>
internal static class RequestRegistration
{
    public static void AddRequests(this IServiceCollection services)
    {
        services.AddSingleton<RequestBounds>();
        services.AddSingleton<RequestReader>();
        services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
    }

    /// <summary>HEAD on every GET route, and requests only for this server's own hosts.</summary>
    public static void UseRequestRules(this WebApplication app)
    {
        app.UseMiddleware<HeadRequests>();
        app.UseMiddleware<HostFilter>();
    }

    /// <summary>Receives bodies. Runs before the limits.</summary>
    public static void UseRequestBodies(this WebApplication app) => app.UseMiddleware<BodyReader>();
}
