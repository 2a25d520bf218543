using System.Buffers;
using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Retrieval.Server.Requests;

/// <summary>What <see cref="BodyReader"/> and <see cref="BodyParser"/> left with the request.</summary>
internal static class ReceivedBodyExtensions
{
    public static JsonElement Body(this HttpContext context) => context.Features.GetRequiredFeature<ParsedBody>().Root;

    /// <summary>The body as it came, where it is not JSON; null where it is.</summary>
    public static ReadOnlySequence<byte>? RawBody(this HttpContext context) =>
        context.Features.GetRequiredFeature<ReceivedBody>() is { MediaType: not MediaTypeNames.Application.Json } body ? body.Bytes : null;

    public static long ReceivedAt(this HttpContext context) => context.Features.GetRequiredFeature<ReceivedBody>().At;
}
