using Retrieval.Domain.Errors;
using Retrieval.Inference.Batching;

namespace Retrieval.Search.Queries;

/// <summary>A request whose numbers are within the bounds, with what it left open filled in. <see cref="SearchService.Check"/> makes it.</summary>
public sealed record CheckedSearch
{
    private const int MostConditions = 32;

    private CheckedSearch(SearchRequest request) => Request = request;

    /// <summary>The request.</summary>
    public SearchRequest Request { get; }

    /// <summary>Hits wanted.</summary>
    public int Top { get; private init; }

    /// <summary>Candidates to rerank, at least <see cref="Top"/>.</summary>
    public int Shortlist { get; private init; }

    /// <summary>Time for the search in milliseconds; null for none. A caller who has waited takes off what has passed.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>What it asks of the device, in pairs.</summary>
    public long Cost => Shortlist + (Request is ImageSearchRequest ? CaptionItem.CostOfOne : 0);

    /// <exception cref="InvalidInputException">A number is out of bounds, or a condition is none; names the field.</exception>
    internal static CheckedSearch Of(SearchRequest request, SearchOptions options, SearchBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(request);
        var top = bounds.Top.Check(request.Top ?? options.DefaultTop, "top");
        var shortlist = bounds.Shortlist.Check(request.Shortlist ?? Math.Max(options.DefaultShortlist, top), "shortlist");
        var deadline = request.DeadlineMs is { } ms ? bounds.DeadlineMs.Check(ms, "deadlineMs") : (int?)null;
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

        return new CheckedSearch(request) { Top = top, Shortlist = Math.Max(shortlist, top), DeadlineMs = deadline };
    }
}
