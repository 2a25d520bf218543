namespace Retrieval.Search.Queries;

/// <summary>What both kinds of search have in common. Null takes the configured default.</summary>
public record SearchRequest
{
    /// <summary>Hits wanted, from 1.</summary>
    public int? Top { get; init; }

    /// <summary>Candidates to rerank, from 1. At least <c>top</c> are taken.</summary>
    public int? Shortlist { get; init; }

    /// <summary>Time for the whole request, in milliseconds, from 1. What could not be reranked in time follows in coarse order.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>
    /// Conditions on the metadata of images, all of which must hold: a key, and the values of which it must have one. They are applied before the shortlist is taken, so a filter never empties it while anything fits.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Filter { get; init; }
}
