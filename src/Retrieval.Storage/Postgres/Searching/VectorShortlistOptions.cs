namespace Retrieval.Storage.Postgres.Searching;

/// <summary>How thoroughly the nearest-neighbour index is searched.</summary>
public sealed record VectorShortlistOptions
{
    /// <summary>Candidates the index keeps during a search, per wanted candidate. pgvector allows 1,000 in all.</summary>
    public double EfFactor { get; init; } = 1.5;

    /// <summary>Minimum number of candidates the index keeps during a search, however few are wanted.</summary>
    internal int SmallestEf { get; init; } = 200;

    /// <summary>If at most this many images match a filter, the query is compared with all of their embeddings.</summary>
    internal int ExactMatches { get; init; } = 10_000;

    /// <summary>
    /// Neighbours a filtered search examines before it stops using the index and compares with all embeddings that match the
    /// filter; at least four per wanted candidate.
    /// </summary>
    internal int FilteredScan { get; init; } = 20_000;
}
