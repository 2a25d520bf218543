using Microsoft.AspNetCore.Http;
using Retrieval.Server.Configuration;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Limits.Callers;

/// <summary>Gives permits to requests whose bodies are large, or of unknown length; they hold them until they are answered.</summary>
internal sealed class LargeBodies(RequestDelegate next, ServerOptions options)
{
    private const int MostAtOnce = 16;

    private readonly SharedPermits _permits = new(MostAtOnce);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() is null || context.Request.ContentLength <= options.Http.MaxBodyBytes)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        using var permit = _permits.TryTake(CallerLimits.NameOf(context));
        if (!permit.IsAcquired)
        {
            throw new BadHttpRequestException("too many large bodies are being received", StatusCodes.Status429TooManyRequests);
        }

        await next(context).ConfigureAwait(false);
    }
}
