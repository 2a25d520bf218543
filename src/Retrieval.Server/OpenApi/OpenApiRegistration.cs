using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Retrieval.Server.OpenApi;

/// <summary><c>GET /openapi/v1.json</c>: the API as the code has it.</summary>
internal static class OpenApiRegistration
{
    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1");

    public static void MapApiDocument(this WebApplication app) => app.MapOpenApi("/openapi/{documentName}.json");
}
