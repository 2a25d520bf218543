using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Errors;

/// <summary>Headers of every answer: it must not be cached, and it is only of the type it declares.</summary>
internal static class AnswerHeaders
{
    public const string CacheControl = "no-store";
    public const string ContentTypeOptions = "nosniff";

    /// <summary>Sets them. Has to be called again when an error replaces an answer, because that clears them.</summary>
    public static void Set(HttpResponse response)
    {
        response.Headers.CacheControl = CacheControl;
        response.Headers.XContentTypeOptions = ContentTypeOptions;
    }

    public static void UseAnswerHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        Set(context.Response);
        return next(context);
    });
}
