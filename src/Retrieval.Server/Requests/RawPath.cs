using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Retrieval.Server.Requests;

/// <summary>Ids in a path, as the caller wrote them.</summary>
internal static class RawPath
{
    /// <summary>What the API's document says of such an id.</summary>
    public const string IdText = "The image's id, percent-encoded";

    private const string IdField = "id";

    // The leading slash, /v1 and the collection.
    private const int SegmentsBeforeId = 3;

    /// <summary>
    /// The id behind <c>/v1/images/</c> or another collection. The route's value is not usable: the server decodes everything in a
    /// path except encoded slashes, so that <c>%2F</c> as part of an id and <c>%2F</c> for a slash look the same.
    /// </summary>
    /// <exception cref="Domain.Errors.InvalidInputException">It is not percent-encoded properly.</exception>
    public static string IdOf(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? end : target.Length);
        if (path.IsEmpty || path[0] != '/')
        {
            // The absolute form of proxies: scheme and host come first.
            path = path.IndexOf("://") is >= 0 and var scheme ? path[(scheme + 3)..] : path;
            path = path.IndexOf('/') is >= 0 and var root ? path[root..] : [];
        }

        for (var segment = 0; segment < SegmentsBeforeId; segment++)
        {
            // Without a slash there is no id: the path is just /v1/images.
            path = path.IndexOf('/') is >= 0 and var slash ? path[(slash + 1)..] : [];
        }

        return PercentEncoding.Decode(path, IdField);
    }
}
