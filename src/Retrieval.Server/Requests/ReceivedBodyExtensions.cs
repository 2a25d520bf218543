using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Requests;

/// <summary>Access to the body that <see cref="BodyReader"/> attached to the request.</summary>
internal static class ReceivedBodyExtensions
{
    /// <summary>
    /// Reads the JSON body. Only to be called inside the limits: the result takes many times the memory of its text, and permits bound
    /// the number of such requests.
    /// </summary>
    /// <exception cref="InvalidInputException">Not a valid request; names the member.</exception>
    public static T Read<T>(this RequestReader reader, HttpContext context)
        where T : class => reader.Read<T>(context.Features.GetRequiredFeature<ReceivedBody>().Bytes);

    /// <summary>The body as received, if it is not JSON; null if it is.</summary>
    public static ReadOnlySequence<byte>? RawBody(this HttpContext context) =>
        context.Features.GetRequiredFeature<ReceivedBody>() is { MediaType: not MediaTypeNames.Application.Json } body ? body.Bytes : null;

    public static long ReceivedAt(this HttpContext context) => context.Features.GetRequiredFeature<ReceivedBody>().At;
}
