using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Errors;

/// <summary>Headers of every answer: it is of this moment, and of the type it says.</summary>
internal static class AnswerHeaders
{
    public const string CacheControl = "no-store";
    public const string ContentTypeOptions = "nosniff";

    /// <summary>Sets them; once more where an error takes the place of an answer, which clears them.</summary>
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
