using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retrieval.Server.Access;

namespace Retrieval.Server.OpenApi;

/// <summary>Describes the API as a whole in the document.</summary>
internal sealed class DocumentDetails : IOpenApiDocumentTransformer
{
    private static readonly Dictionary<string, string> Tags = new()
    {
        ["Health"] = "Whether the process lives, and whether it can answer",
        ["Metrics"] = "What it counts and measures",
        ["Search"] = "Images by a caption, captions by an image",
        ["Score"] = "Scores of given pairs",
        ["Explain"] = "How the score of a pair comes about",
        ["Images"] = "Single images, read and written",
        ["Model"] = "What is being served",
        ["Indexes"] = "The indexes of the catalog, and which of them is served",
        ["Ingestions"] = "Whole sources, ingested in the background",
    };

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info.Title = "RetrievalService";
        document.Info.Version = "v1";
        document.Info.Description = "Text-image retrieval in two stages: a shortlist by coarse embeddings, reranked by a cross-modal matching model. Every error is `application/problem+json`.";
        document.Info.License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" };

        // Any server may serve the document: its callers know its host, and a committed document has none.
        document.Servers = [new OpenApiServer { Url = "/" }];

        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [SecuritySchemes.Key] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = Credential.Header, Description = "A key of the file of keys" },
            [SecuritySchemes.Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of the file of keys, or a token of the configured identity provider" },
        };
        foreach (var tag in document.Tags ?? new HashSet<OpenApiTag>())
        {
            tag.Description = Tags[tag.Name!];
        }

        return Task.CompletedTask;
    }
}
