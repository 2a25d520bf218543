using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Access;
using Retrieval.Server.Limits;
using Retrieval.Server.Logging;

namespace Retrieval.Server.OpenApi;

/// <summary><c>GET /openapi/v1.json</c>: the API as implemented.</summary>
internal static class OpenApiRegistration
{
    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", document =>
    {
        // Arbitrary JSON has no schema name. Nor have a few names: a reference to them could not say that null is allowed too.
        document.CreateSchemaReferenceId = type =>
            type.Type == typeof(JsonElement) || SchemaDetails.IsNames(type.Type) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        document.AddDocumentTransformer<DocumentDetails>();
        document.AddOperationTransformer<OperationDetails>();
        document.AddSchemaTransformer<SchemaDetails>();
    });

    public static void MapApiDocument(this WebApplication app) =>
        app.MapOpenApi("/openapi/{documentName:regex(^v1$)}.json").WithMetadata(new QuietInLog()).RequireRole(Role.Query).RequireDocumentLimit();
}
