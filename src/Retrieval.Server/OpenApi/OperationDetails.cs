using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retrieval.Server.Access;
using Retrieval.Server.Requests;

namespace Retrieval.Server.OpenApi;

/// <summary>What the framework does not document for an operation: an example, the headers, that a body is required.</summary>
internal sealed class OperationDetails : IOpenApiOperationTransformer
{
    private static readonly Dictionary<string, string> ProblemTexts = new()
    {
        ["302"] = "The picture is elsewhere: `Location` has its address",
        ["304"] = "The caller has the picture as it is: nothing is sent",
        ["400"] = "The request is invalid: `field` names the member at fault, if one is, `detail` what was expected",
        ["401"] = "No key or token is presented, or none that this server takes: `detail` says which",
        ["404"] = "The index has no such image or caption",
        ["403"] = "The caller's role, the configuration, or the role in the database, does not allow it",
        ["409"] = "Another writer is in the way",
        ["408"] = "The request did not arrive in time",
        ["413"] = "The body is too long",
        ["414"] = "The request line is too long",
        ["415"] = "The body is of another type, not in UTF-8, or compressed: `detail` names the types that are taken",
        ["422"] = "The features are not of the shape that the model takes, or the answer would be longer than an answer may be: `detail` names it",
        ["429"] = "As many requests are waiting as this server lets wait",
        ["431"] = "The headers are too long",
        ["500"] = "A fault of the server; its log has more under the trace",
        ["501"] = "The bundle has no explainer: `detail` says how to export one",
        ["503"] = "This replica is not ready: `reasons` say why; or Postgres does not answer; or all connections are at work",
        ["505"] = "Another version of HTTP than 1.0 and 1.1",
        ["507"] = "The disk of the index, or of Postgres, is full",
        ["504"] = "The deadline, or this server's own limit, passed before there was anything to answer with",
    };

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (operation.RequestBody is OpenApiRequestBody body)
        {
            body.Required = true;
            if (metadata.OfType<RequestExample>().LastOrDefault() is { } example)
            {
                body.Content!["application/json"].Example = JsonNode.Parse(example.Json);
            }

            if (body.Content!.TryGetValue(ImageBody.NpyType, out var npy))
            {
                npy.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "A .npy file of floating-point numbers, [R, W]" };
            }
        }

        SecuritySchemes.Add(operation, metadata.OfType<TakesRole>().LastOrDefault()?.Role, context.Document!);
        foreach (var range in metadata.OfType<WholeParameter>())
        {
            var parameter = operation.Parameters!.OfType<OpenApiParameter>().Single(found => found.Name == range.Name);
            parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = $"{range.Least}", Maximum = $"{range.Most}" };
        }

        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (response is OpenApiResponse concrete)
            {
                Describe(concrete, status, hasBody: operation.RequestBody is not null);
            }
        }

        return Task.CompletedTask;
    }

    private static void Describe(OpenApiResponse response, string status, bool hasBody)
    {
        if (ProblemTexts.TryGetValue(status, out var text))
        {
            response.Description = text;
        }

        if (status is "429" or "503")
        {
            response.Headers = Header("Retry-After", "Seconds after which to try again", JsonSchemaType.Integer);
        }
        else if (status == "401")
        {
            response.Headers = Header("WWW-Authenticate", "`Bearer`, with `error` if what was presented is not taken", JsonSchemaType.String);
        }
        else if (status == "200" && hasBody)
        {
            response.Headers = Header("Server-Timing", "Milliseconds of each stage, and in total", JsonSchemaType.String);
        }
    }

    private static Dictionary<string, IOpenApiHeader> Header(string name, string description, JsonSchemaType type) => new()
    {
        [name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = type } },
    };
}
