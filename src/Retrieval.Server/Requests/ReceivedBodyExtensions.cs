using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Retrieval.Server.Requests;

/// <summary>What <see cref="BodyReader"/> and <see cref="BodyParser"/> left with the request.</summary>
internal static class ReceivedBodyExtensions
{
    public static JsonElement Body(this HttpContext context) => context.Features.GetRequiredFeature<ParsedBody>().Root;

    public static long ReceivedAt(this HttpContext context) => context.Features.GetRequiredFeature<ReceivedBody>().At;
}
