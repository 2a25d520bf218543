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
            Property(schema, "filter").AdditionalProperties = Any(
                "A text, a number, true, false, a range of numbers by its ends such as `{ \"gte\": 2000, \"lt\": 2010 }` (gt, gte, lt, lte), or an array of one or more of these, any of which is taken.");
        }
        else if (type == typeof(ImageRequest))
        {
            Property(schema, "metadata").AdditionalProperties = Any("A text, a number, true or false, which keep their type; null counts as omitted.");
        }
        else if (type == typeof(Hit) || type == typeof(ImageDetails) || type == typeof(ImageSummary))
        {
            // The C# type allows any JSON; the stored value is an object.
            schema.Properties!["metadata"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object | JsonSchemaType.Null,
                AdditionalProperties = Any("A text, a number, true or false, of the type that it was stored with."),
                Description = "The image's metadata, names and values as they were ingested; null if it has none.",
            };
        }

        if (type == typeof(BatchRequest))
        {
            Property(schema, "queries").Items = await context.GetOrCreateSchemaAsync(typeof(BatchQuery), null, cancellationToken).ConfigureAwait(false);
        }
        else if (type == typeof(BatchResponse))
        {
            Property(schema, "answers").Items = AnyOf(
                await context.GetOrCreateSchemaAsync(typeof(SearchResponse), null, cancellationToken).ConfigureAwait(false),
                await context.GetOrCreateSchemaAsync(typeof(Problem), null, cancellationToken).ConfigureAwait(false));
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

    // Any JSON and not alternatives of scalars: client generators make a class without members of an anyOf, and take the first of a
    // oneOf or of several types.
    private static OpenApiSchema Any(string description) => new() { Description = description };

    // Not oneOf: without a discriminating member, client generators take the first alternative of a oneOf.
    private static OpenApiSchema AnyOf(params IOpenApiSchema[] schemas) => new() { AnyOf = schemas };

    private static OpenApiSchema Property(OpenApiSchema schema, string name) => (OpenApiSchema)schema.Properties![name];
}
