using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>
/// Reads the body of a request before the request takes one of the few places of work: a caller who sends slowly holds
/// a connection, and never a place.
/// </summary>
internal sealed class BodyReader(RequestDelegate next, ServerOptions options, TimeProvider time)
{
    private readonly JsonDocumentOptions _json = new() { MaxDepth = options.Http.MaxJsonDepth };

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null)
        {
            context.Features.Set(new ReceivedBody(default, time.GetTimestamp()));
            await next(context).ConfigureAwait(false);
            return;
        }

        using var document = await ReadAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        context.Features.Set(new ReceivedBody(document.RootElement, time.GetTimestamp()));
        await next(context).ConfigureAwait(false);
    }

    private async Task<JsonDocument> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        RefuseOtherTypes(request);
        try
        {
            return await JsonDocument.ParseAsync(request.Body, _json, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"the body is not JSON nested at most {_json.MaxDepth} deep: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"),
                innerException: exception);
        }
    }

    private static void RefuseOtherTypes(HttpRequest request)
    {
        var known = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        var plain = request.Headers.ContentEncoding.All(encoding => string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase));
        if (!known || !plain)
        {
            throw new BadHttpRequestException("unsupported media type", StatusCodes.Status415UnsupportedMediaType);
        }
    }
}
