using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.Ingestions;

namespace Retrieval.Server.OpenApi;

/// <summary>What types cannot say of bodies: bounds, alternatives, and that unknown members are refused.</summary>
internal sealed class SchemaDetails(ServerOptions options) : IOpenApiSchemaTransformer
{
    public async Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        // A property's own schema is shaped with its owner; here are the types.
        if (context.JsonPropertyInfo is not null)
        {
            return;
        }

        var type = context.JsonTypeInfo.Type;
        if (type.IsAssignableTo(typeof(SearchRequest)))
        {
            Search(schema);
        }
        else if (type == typeof(Hit) || type == typeof(ImageDetails))
        {
            schema.Properties!["metadata"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object | JsonSchemaType.Null,
                Description = "The image's metadata, names and values as they were ingested; null if it has none.",
            };
        }
        else if (type == typeof(ImageRequest))
        {
            Image(schema);
        }
        else if (type == typeof(IngestionRequest))
        {
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = new HashSet<string> { "source" };
            Bounds(schema, "batchRows", IngestionOrder.MostBatchRows);
        }
        else if (type == typeof(IngestionSourceRequest))
        {
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = null;
            schema.OneOf = [new OpenApiSchema { Required = new HashSet<string> { "folder", "split" } }, new OpenApiSchema { Required = new HashSet<string> { "tsv" } }];
        }
        else if (type == typeof(ScorePair))
        {
            Pair(schema);
        }
        else if (type == typeof(ScoreRequest))
        {
            schema.AdditionalPropertiesAllowed = false;
            Items(schema, "pairs", options.Search.MaxPairs);
        }
        else if (type == typeof(BatchRequest))
        {
            schema.AdditionalPropertiesAllowed = false;
            Items(schema, "queries", options.Limits.BatchQueries).Items = await OneOf(context, cancellationToken, typeof(ImageSearchRequest), typeof(CaptionSearchRequest)).ConfigureAwait(false);
        }
        else if (type == typeof(BatchResponse))
        {
            ((OpenApiSchema)schema.Properties!["answers"]).Items = await OneOf(context, cancellationToken, typeof(SearchResponse), typeof(Problem)).ConfigureAwait(false);
        }
    }

    private void Search(OpenApiSchema schema)
    {
        schema.AdditionalPropertiesAllowed = false;
        Bounds(schema, "top", options.Search.MaxTop);
        Bounds(schema, "shortlist", options.Search.MaxShortlist);
        Bounds(schema, "deadlineMs", options.Search.MaxDeadlineMs);
        schema.Properties!["shortlist"].Description = "Candidates to rerank, from 1. At least `top` are taken.";
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        schema.Properties!["filter"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object | JsonSchemaType.Null,
            Description = "Conditions on the metadata of images, all of which must hold: a key, and the value it must have or the values of which it must have one.",
            AdditionalProperties = new OpenApiSchema
            {
                OneOf = [text, new OpenApiSchema { Type = JsonSchemaType.Array, Items = text, MinItems = 1 }],
            },
        };
    }

    private static void Image(OpenApiSchema schema)
    {
        schema.AdditionalPropertiesAllowed = false;
        schema.Required = new HashSet<string> { "features" };
        ((OpenApiSchema)schema.Properties!["features"]).Format = "byte";
        schema.Properties!["metadata"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object | JsonSchemaType.Null,
            Description = "Names and values for filters; none if left out.",
            AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Number | JsonSchemaType.Boolean | JsonSchemaType.Null },
        };
    }

    private static void Pair(OpenApiSchema schema)
    {
        schema.AdditionalPropertiesAllowed = false;
        schema.Required = new HashSet<string> { "imageId" };
        schema.OneOf = [new OpenApiSchema { Required = new HashSet<string> { "caption" } }, new OpenApiSchema { Required = new HashSet<string> { "captionId" } }];
    }

    private static void Bounds(OpenApiSchema schema, string name, int most)
    {
        var number = (OpenApiSchema)schema.Properties![name];
        number.Minimum = "1";
        number.Maximum = most.ToString(CultureInfo.InvariantCulture);
    }

    private static OpenApiSchema Items(OpenApiSchema schema, string name, int most)
    {
        var items = (OpenApiSchema)schema.Properties![name];
        items.MinItems = 1;
        items.MaxItems = most;
        return items;
    }

    private static async Task<OpenApiSchema> OneOf(OpenApiSchemaTransformerContext context, CancellationToken cancellationToken, params Type[] types)
    {
        var schemas = new List<IOpenApiSchema>();
        foreach (var type in types)
        {
            schemas.Add(await context.GetOrCreateSchemaAsync(type, null, cancellationToken).ConfigureAwait(false));
        }

        return new OpenApiSchema { OneOf = schemas };
    }
}
