using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Requests;

/// <summary>What <see cref="BodyReader"/> left with the request.</summary>
internal static class ReceivedBodyExtensions
{
    /// <summary>Reads the JSON body. Only behind the limits: what is read takes many times the memory of its text, and there are never more requests there than places.</summary>
    /// <exception cref="InvalidInputException">Not such a request; names the member.</exception>
    public static T Read<T>(this RequestReader reader, HttpContext context)
        where T : class => reader.Read<T>(context.Features.GetRequiredFeature<ReceivedBody>().Bytes);

    /// <summary>The body as it came, where it is not JSON; null where it is.</summary>
    public static ReadOnlySequence<byte>? RawBody(this HttpContext context) =>
        context.Features.GetRequiredFeature<ReceivedBody>() is { MediaType: not MediaTypeNames.Application.Json } body ? body.Bytes : null;

    public static long ReceivedAt(this HttpContext context) => context.Features.GetRequiredFeature<ReceivedBody>().At;
}
