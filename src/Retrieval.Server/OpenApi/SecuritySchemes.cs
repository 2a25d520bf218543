using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Retrieval.Server.Access;

namespace Retrieval.Server.OpenApi;

/// <summary>How the document names the ways to present a key, and which role an operation takes.</summary>
internal static class SecuritySchemes
{
    public const string Key = "key";
    public const string Bearer = "bearer";

    private const string RoleExtension = "x-role";

    /// <summary>Adds them to an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="role">The role that it takes; null if it takes no key.</param>
    /// <param name="document">The document that has the schemes.</param>
    public static void Add(OpenApiOperation operation, Role? role, OpenApiDocument document)
    {
        if (role is not { } needed)
        {
            operation.Security = [];
            return;
        }

        operation.Security = [Requirement(Key), Requirement(Bearer)];
        operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        operation.Extensions[RoleExtension] = new JsonNodeExtension(JsonValue.Create(Roles.NameOf(needed)));

        OpenApiSecurityRequirement Requirement(string scheme) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
    }
}
