namespace Retrieval.Search.Queries;

/// <summary>The configured bounds of a request's numbers. They are defined only here.</summary>
public sealed class SearchBounds(SearchOptions options)
{
    /// <summary>Bound of <see cref="SearchRequest.Top"/>.</summary>
    public WholeNumberBound Top { get; } = new(1, options.MaxTop);

    /// <summary>Bound of <see cref="SearchRequest.Offset"/> by itself; with the number of hits it stays within the most of <see cref="Top"/>.</summary>
    public WholeNumberBound Offset { get; } = new(0, options.MaxTop - 1);

    /// <summary>Bound of <see cref="SearchRequest.Shortlist"/>.</summary>
    public WholeNumberBound Shortlist { get; } = new(1, options.MaxShortlist);

    /// <summary>Bound of <see cref="SearchRequest.DeadlineMs"/>.</summary>
    public WholeNumberBound DeadlineMs { get; } = new(1, options.MaxDeadlineMs);

    /// <summary>Bound of the number of pairs of one score request.</summary>
    public WholeNumberBound Pairs { get; } = new(1, options.MaxPairs);
}
