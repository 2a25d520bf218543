namespace Retrieval.Storage.Postgres.Searching;

/// <summary>How hard the nearest-neighbour index is asked to look.</summary>
public sealed record VectorShortlistOptions
{
    /// <summary>Candidates the index keeps while it looks, for each one that is wanted. pgvector allows 1,000 in all.</summary>
    public double EfFactor { get; init; } = 1.5;

    /// <summary>Fewest candidates the index keeps while it looks, however few are wanted.</summary>
    internal int SmallestEf { get; init; } = 100;

    /// <summary>A filter that so many images or fewer fulfil is answered by comparing the query with all of theirs.</summary>
    internal int ExactMatches { get; init; } = 10_000;

    /// <summary>
    /// Neighbours a filtered search looks at before it gives up on the index and compares with all that fulfil the filter;
    /// at least four for each one that is wanted.
    /// </summary>
    internal int FilteredScan { get; init; } = 20_000;
}
