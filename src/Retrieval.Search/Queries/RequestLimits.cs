using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Batching;

namespace Retrieval.Search.Queries;

/// <summary>A request's numbers, within the configured bounds and with defaults filled in. Computed once per request.</summary>
/// <param name="Top">Hits wanted.</param>
/// <param name="Shortlist">Candidates to rerank.</param>
/// <param name="RankBy">What hits are ordered by.</param>
/// <param name="Deadline">When it must be answered; null for no deadline.</param>
/// <param name="Cost">What it asks of the device, in pairs.</param>
internal sealed record RequestLimits(int Top, int Shortlist, RankBy RankBy, Deadline? Deadline, long Cost)
{
    private const int MostConditions = 32;

    /// <param name="request">The request.</param>
    /// <param name="options">Defaults for what the request leaves open.</param>
    /// <param name="bounds">Bounds on what it may ask for.</param>
    /// <param name="ranking">The ranking of the served bundle; null if it has none, or if nothing is served yet.</param>
    /// <param name="since">Timestamp that its deadline counts from.</param>
    /// <param name="time">Source of the timestamp.</param>
    /// <exception cref="InvalidInputException">A number is out of bounds; names the field.</exception>
    public static RequestLimits Of(SearchRequest request, SearchOptions options, SearchBounds bounds, RankingSpec? ranking, long since, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(request);
        var top = bounds.Top.Check(request.Top ?? options.DefaultTop, "top");
        var images = request is ImageSearchRequest;
        var usual = options.ShortlistOf(images ? ranking?.TextToImage : ranking?.ImageToText);
        var shortlist = bounds.Shortlist.Check(request.Shortlist ?? Math.Max(usual, top), "shortlist");
        var deadline = request.DeadlineMs is { } ms ? bounds.DeadlineMs.Check(ms, "deadlineMs") : (int?)null;
        shortlist = Math.Max(shortlist, top);
        if (request.Filter is { Count: > MostConditions })
        {
            throw new InvalidInputException($"has {request.Filter.Count} conditions; expected at most {MostConditions}", field: "filter");
        }

        foreach (var (key, values) in request.Filter ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            if (values is null || values.Any(value => value is null))
            {
                throw new InvalidInputException("expected a list of texts", field: $"filter.{key}");
            }
        }

        var cost = shortlist + (images ? CaptionItem.CostOfOne : 0);
        return new RequestLimits(top, shortlist, request.RankBy ?? RankBy.Both, Queries.Deadline.Of(deadline, since, time), cost);
    }
}
