namespace Retrieval.Bench.Queries;

/// <summary>What <see cref="QueryBench"/> measures.</summary>
internal sealed record QueryOptions
{
    /// <summary>Folder of the bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Folder of the index.</summary>
    public required string Index { get; init; }

    /// <summary>Queries of each kind, after a few that are discarded.</summary>
    public required int Queries { get; init; }

    /// <summary>Candidates reranked; null for as many as the bundle says.</summary>
    public required int? Shortlist { get; init; }

    /// <summary>Hits returned.</summary>
    public required int Top { get; init; }

    /// <summary>Threads for one graph; 0 uses all cores.</summary>
    public required int Threads { get; init; }
}
