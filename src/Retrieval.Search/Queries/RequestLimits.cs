using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Inference.Batching;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>A request's numbers, within the configured bounds and with defaults filled in. Computed once per request.</summary>
/// <param name="Top">Hits wanted.</param>
/// <param name="Offset">Hits before them.</param>
/// <param name="Exact">Whether the candidates must be those of the exact shortlist, because pages have to fit together.</param>
/// <param name="Shortlist">Candidates of one shortlist, which are reranked together.</param>
/// <param name="RankBy">What hits are ordered by.</param>
/// <param name="Deadline">When it must be answered; null for no deadline.</param>
/// <param name="Query">What it asks for.</param>
internal sealed record RequestLimits(int Top, int Offset, bool Exact, int Shortlist, RankBy RankBy, Deadline? Deadline, SearchQuery Query)
{
    private const int MostConditions = 32;
    private const int MostRanges = 32;

    /// <summary>
    /// Candidates of better coarse score than those that are reranked. A page beyond the first shortlist is of further shortlists of the
    /// same length: so a hit's place does not depend on the page that it is asked for with.
    /// </summary>
    public int Skipped => Offset / Shortlist * Shortlist;

    /// <summary>Candidates that the first stage is asked for: whole shortlists, up to the page's end.</summary>
    public int Candidates => (Offset + Top + Shortlist - 1) / Shortlist * Shortlist;

    /// <summary>Candidates that are reranked.</summary>
    public int Pairs => Query.Kind == QueryKinds.Similar ? 0 : Candidates - Skipped;

    /// <summary>What it asks of the device, in pairs.</summary>
    public long Cost => Math.Max(1, Pairs) + Query switch { { Caption: not null } => CaptionItem.CostOfOne, { Features: not null } => ImageItem.CostOfOne, _ => 0 };

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
        var offset = bounds.Offset.Check(request.Offset ?? 0, "offset");
        if (offset + (long)top > bounds.Top.Most)
        {
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"{offset} and top {top} go beyond the first {bounds.Top.Most} hits; expected at most that together"), field: "offset");
        }

        var query = SearchQuery.Of(request);
        var images = query.Kind == QueryKinds.Images;
        var usual = options.ShortlistOf(images ? ranking?.TextToImage : ranking?.ImageToText);
        var shortlist = bounds.Shortlist.Check(request.Shortlist ?? Math.Max(usual, top), "shortlist");
        var deadline = request.DeadlineMs is { } ms ? bounds.DeadlineMs.Check(ms, "deadlineMs") : (int?)null;
        shortlist = Math.Max(shortlist, top);
        if (request.Filter is { Count: > MostConditions })
        {
            throw new InvalidInputException($"has {request.Filter.Count} conditions; expected at most {MostConditions}", field: "filter");
        }

        foreach (var (key, condition) in request.Filter ?? new Dictionary<string, MetadataCondition>())
        {
            if (condition?.Texts is null || condition.Ranges is null || condition.Texts.Any(text => text is null) || condition.Ranges.Any(range => range is null))
            {
                throw new InvalidInputException("expected texts, numbers, booleans or ranges", field: $"filter.{key}");
            }
        }

        if (request.Filter?.Values.Sum(condition => condition.Ranges.Count(range => !range.IsOne)) is > MostRanges and var ranges)
        {
            throw new InvalidInputException($"has {ranges} ranges; expected at most {MostRanges}", field: "filter");
        }

        // Images that are like an image are not reranked.
        shortlist = query.Kind == QueryKinds.Similar ? top : shortlist;
        return new RequestLimits(top, offset, request.Offset is not null, shortlist, request.RankBy ?? RankBy.Both, Queries.Deadline.Of(deadline, since, time), query);
    }
}
