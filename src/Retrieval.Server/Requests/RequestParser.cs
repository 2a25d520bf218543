using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>Bodies of requests, read into what the search takes.</summary>
internal sealed class RequestParser(ServerOptions options)
{
    /// <summary>Members of a search for images.</summary>
    public static readonly string[] ImageMembers = ["caption", "top", "shortlist", "deadlineMs", "filter"];

    /// <summary>Members of a search for captions.</summary>
    public static readonly string[] CaptionMembers = ["imageId", "top", "shortlist", "deadlineMs", "filter"];

    private static readonly string[] EitherMembers = ["caption", .. CaptionMembers];

    public ImageSearchRequest Images(JsonElement body) => Images(new RequestObject(body, "", ImageMembers));

    public CaptionSearchRequest Captions(JsonElement body) => Captions(new RequestObject(body, "", CaptionMembers));

    public IReadOnlyList<JsonElement> Batch(JsonElement body) =>
        new RequestObject(body, "", "queries").Items("queries", options.Limits.BatchQueries);

    /// <summary>One query of a batch; its fields are named from the query's own beginning.</summary>
    public SearchRequest Query(JsonElement query)
    {
        var members = new RequestObject(query, "", EitherMembers);
        return (members.Has("caption"), members.Has("imageId")) switch
        {
            (true, false) => Images(members),
            (false, true) => Captions(members),
            _ => throw new InvalidInputException("expected exactly one of caption and imageId"),
        };
    }

    public IReadOnlyList<ScorePair> Pairs(JsonElement body) =>
        [.. new RequestObject(body, "", "pairs").Items("pairs", options.Search.MaxPairs).Select(Pair)];

    private static ScorePair Pair(JsonElement pair, int i)
    {
        var members = new RequestObject(pair, $"pairs[{i}]", "imageId", "caption", "captionId");
        return members.Has("caption") == members.Has("captionId")
            ? throw new InvalidInputException("expected exactly one of caption and captionId", field: $"pairs[{i}]")
            : new ScorePair(members.Text("imageId"), members.OptionalCaption("caption"), members.OptionalText("captionId"));
    }

    private ImageSearchRequest Images(RequestObject members) => new()
    {
        Caption = members.OptionalCaption("caption") ?? members.Text("caption"),
        Top = members.OptionalInteger("top", options.Search.MaxTop),
        Shortlist = members.OptionalInteger("shortlist", options.Search.MaxShortlist),
        DeadlineMs = members.OptionalInteger("deadlineMs", options.Search.MaxDeadlineMs),
        Filter = members.OptionalFilter("filter"),
    };

    private CaptionSearchRequest Captions(RequestObject members) => new()
    {
        ImageId = members.Text("imageId"),
        Top = members.OptionalInteger("top", options.Search.MaxTop),
        Shortlist = members.OptionalInteger("shortlist", options.Search.MaxShortlist),
        DeadlineMs = members.OptionalInteger("deadlineMs", options.Search.MaxDeadlineMs),
        Filter = members.OptionalFilter("filter"),
    };
}
