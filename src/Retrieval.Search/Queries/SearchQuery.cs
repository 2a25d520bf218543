using Retrieval.Domain.Errors;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>What a search request asks for: its kind, and exactly one of caption, id and features.</summary>
/// <param name="Kind">One of <see cref="QueryKinds"/>.</param>
/// <param name="Caption">A caption's text; null for an image.</param>
/// <param name="ImageId">An image of the index; null for a caption or features.</param>
/// <param name="Features">Features of an image that is not stored; null for a caption or an id.</param>
internal sealed record SearchQuery(string Kind, string? Caption, string? ImageId, ImageFeatures? Features)
{
    /// <summary>Reads what a request asks for.</summary>
    /// <exception cref="InvalidInputException">It names no query or several; its features cannot be read; or it asks for a second stage where there is none.</exception>
    public static SearchQuery Of(SearchRequest request)
    {
        switch (request)
        {
            case ImageSearchRequest images:
                RequireOne("caption", "expected exactly one of caption, imageId and features", images.Caption, images.ImageId, images.Features);
                if (images.Caption is { } caption)
                {
                    return new SearchQuery(QueryKinds.Images, caption, null, null);
                }

                RequireNone(images.Shortlist, "shortlist");
                RequireNone(images.RankBy, "rankBy");
                return new SearchQuery(QueryKinds.Similar, null, images.ImageId, FeaturesOf(images.Features));
            case CaptionSearchRequest captions:
                RequireOne("imageId", "expected exactly one of imageId and features", captions.ImageId, captions.Features);
                return new SearchQuery(QueryKinds.Captions, null, captions.ImageId, FeaturesOf(captions.Features));
            default:
                throw new ArgumentException($"unknown kind of request {request.GetType()}", nameof(request));
        }
    }

    private static ImageFeatures? FeaturesOf(byte[]? bytes) => bytes is null ? null : ImageFeatures.Read(bytes);

    private static void RequireOne(string usual, string expected, params ReadOnlySpan<object?> given)
    {
        var count = 0;
        foreach (var one in given)
        {
            count += one is null ? 0 : 1;
        }

        if (count != 1)
        {
            throw count == 0 ? new InvalidInputException($"is missing; {expected}", field: usual) : new InvalidInputException(expected);
        }
    }

    private static void RequireNone(object? value, string field)
    {
        if (value is not null)
        {
            throw new InvalidInputException("is for a search with a second stage; images that are like an image are found by the first stage alone", field: field);
        }
    }
}
