using System.Text.Json.Serialization;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>One search of a batch: by a caption for images, or by an image for captions. Exactly one of the two is given.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchQuery : SearchRequest
{
    /// <summary>The caption that images are searched for.</summary>
    public string? Caption { get; init; }

    /// <summary>The image that captions are searched for, by the id it was ingested with.</summary>
    public string? ImageId { get; init; }

    /// <summary>The search on its own.</summary>
    /// <exception cref="InvalidInputException">It names neither a caption nor an image, or both.</exception>
    internal SearchRequest ToSearch() => (Caption, ImageId) switch
    {
        ({ } caption, null) => new ImageSearchRequest { Caption = caption, Index = Index, Top = Top, Offset = Offset, Shortlist = Shortlist, RankBy = RankBy, DeadlineMs = DeadlineMs, Filter = Filter },
        (null, { } image) => new CaptionSearchRequest { ImageId = image, Index = Index, Top = Top, Offset = Offset, Shortlist = Shortlist, RankBy = RankBy, DeadlineMs = DeadlineMs, Filter = Filter },
        _ => throw new InvalidInputException("expected exactly one of caption and imageId"),
    };
}
