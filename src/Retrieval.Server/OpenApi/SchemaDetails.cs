using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.Requests;

namespace Retrieval.Server.OpenApi;

/// <summary>What types cannot express about bodies: configured bounds, and members of more than one kind.</summary>
internal sealed class SchemaDetails(RequestBounds bounds) : IOpenApiSchemaTransformer
{
    private static readonly OpenApiSchema Text = Of(JsonSchemaType.String);

    /// <summary>Whether values of a type are a few names.</summary>
    public static bool IsNames(Type type) => (Nullable.GetUnderlyingType(type) ?? type).IsEnum;

    public async Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonPropertyInfo is { } member)
        {
            if (bounds.Find(member) is { } bound)
            {
                Bound(schema, bound);
            }

            if (IsNames(member.PropertyType))
            {
                schema.Type = Nullable.GetUnderlyingType(member.PropertyType) is null ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            }

            return;
        }

        var type = context.JsonTypeInfo.Type;
        if (type.IsAssignableTo(typeof(SearchRequest)))
        {
            // One text or several: the C# type always has several.
            Property(schema, "filter").AdditionalProperties = OneOf(Text, new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text, MinItems = 1 });
        }
        else if (type == typeof(ImageRequest))
        {
            // They become texts when read.
            Property(schema, "metadata").AdditionalProperties = OneOf(Text, Of(JsonSchemaType.Number), Of(JsonSchemaType.Boolean), Of(JsonSchemaType.Null));
        }
        else if (type == typeof(Hit) || type == typeof(ImageDetails) || type == typeof(ImageSummary))
        {
            // The C# type allows any JSON; the stored value is an object.
            schema.Properties!["metadata"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object | JsonSchemaType.Null,
                Description = "The image's metadata, names and values as they were ingested; null if it has none.",
            };
        }

        if (type == typeof(BatchRequest))
        {
            Property(schema, "queries").Items = await context.GetOrCreateSchemaAsync(typeof(BatchQuery), null, cancellationToken).ConfigureAwait(false);
        }
        else if (type == typeof(BatchResponse))
        {
            // anyOf, not oneOf: without a discriminating member, client generators take the first alternative of a oneOf.
            Property(schema, "answers").Items = new OpenApiSchema
            {
                AnyOf =
                [
                    await context.GetOrCreateSchemaAsync(typeof(SearchResponse), null, cancellationToken).ConfigureAwait(false),
                    await context.GetOrCreateSchemaAsync(typeof(Problem), null, cancellationToken).ConfigureAwait(false),
                ],
            };
        }
    }

    private static void Bound(OpenApiSchema schema, WholeNumberBound bound)
    {
        if (schema.Type?.HasFlag(JsonSchemaType.Array) == true)
        {
            (schema.MinItems, schema.MaxItems) = (bound.Least == 0 ? null : bound.Least, bound.Most);
        }
        else
        {
            (schema.Minimum, schema.Maximum) = (bound.Least.ToString(CultureInfo.InvariantCulture), bound.Most.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static OpenApiSchema Of(JsonSchemaType type) => new() { Type = type };

    private static OpenApiSchema OneOf(params IOpenApiSchema[] schemas) => new() { OneOf = schemas };

    private static OpenApiSchema Property(OpenApiSchema schema, string name) => (OpenApiSchema)schema.Properties![name];
}
