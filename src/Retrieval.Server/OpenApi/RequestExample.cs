using Microsoft.AspNetCore.Builder;

namespace Retrieval.Server.OpenApi;

/// <summary>An example of a request's body, for the API's document.</summary>
internal sealed record RequestExample(string Json);

/// <summary>Adds an example to an endpoint.</summary>
internal static class RequestExampleExtensions
{
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder builder, string json) => builder.WithMetadata(new RequestExample(json));
}
