namespace Retrieval.Search.Queries;

/// <summary>The bounds of a request's numbers, as they are configured: their one home.</summary>
public sealed class SearchBounds(SearchOptions options)
{
    /// <summary>Of <see cref="SearchRequest.Top"/>.</summary>
    public WholeNumberBound Top { get; } = new(1, options.MaxTop);

    /// <summary>Of <see cref="SearchRequest.Shortlist"/>.</summary>
    public WholeNumberBound Shortlist { get; } = new(1, options.MaxShortlist);

    /// <summary>Of <see cref="SearchRequest.DeadlineMs"/>.</summary>
    public WholeNumberBound DeadlineMs { get; } = new(1, options.MaxDeadlineMs);

    /// <summary>Of the pairs of one request for scores.</summary>
    public WholeNumberBound Pairs { get; } = new(1, options.MaxPairs);
}
