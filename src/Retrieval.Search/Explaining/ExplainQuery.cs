using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Explaining;

/// <summary>One pair to explain.</summary>
public sealed record ExplainQuery
{
    /// <summary>The id of an image of the index; null if there are features.</summary>
    public string? ImageId { get; init; }

    /// <summary>Region features of an image that need not be in the index; null if there is an id.</summary>
    public ImageFeatures? Features { get; init; }

    /// <summary>A caption's text; null if there is an id.</summary>
    public string? Caption { get; init; }

    /// <summary>A caption's id: the image's id, <c>#</c>, its position; null if there is a text.</summary>
    public string? CaptionId { get; init; }

    /// <summary>The index that ids are of; null for the one that is served.</summary>
    public string? Index { get; init; }

    /// <summary>Time for the whole request in milliseconds; null for no deadline.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>Requires one image and one caption.</summary>
    /// <exception cref="InvalidInputException">There is none of one, or two.</exception>
    internal void RequireOnePair()
    {
        if ((ImageId is null) == (Features is null))
        {
            throw new InvalidInputException("expected exactly one of imageId and features");
        }

        if ((Caption is null) == (CaptionId is null))
        {
            throw new InvalidInputException("expected exactly one of caption and captionId");
        }
    }
}
