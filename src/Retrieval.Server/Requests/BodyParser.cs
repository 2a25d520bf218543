using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>
/// Parses the body of a request that has its place of work. A parsed body takes many times the memory of its text, so
/// there are never more of them than places.
/// </summary>
internal sealed class BodyParser(RequestDelegate next, ServerOptions options)
{
    private readonly JsonDocumentOptions _json = new() { MaxDepth = options.Http.MaxJsonDepth };

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<ReceivedBody>() is not { Bytes.IsEmpty: false, MediaType: MediaTypeNames.Application.Json } body)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        using var document = JsonDocument.Parse(body.Bytes, _json);
        context.Features.Set(new ParsedBody(document.RootElement));
        await next(context).ConfigureAwait(false);
    }
}
