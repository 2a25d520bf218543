using Retrieval.Domain.Images;

namespace Retrieval.Search.Queries;

/// <summary>What both kinds of search have in common. Null means the configured default.</summary>
public record SearchRequest
{
    /// <summary>The index to search, of those that this server holds; if not given, the one that is served.</summary>
    public string? Index { get; init; }

    /// <summary>Hits wanted, from 1.</summary>
    public int? Top { get; init; }

    /// <summary>
    /// Hits to leave out before the first that is wanted, from 0; for paging. With <c>top</c> it stays within the most hits of one
    /// request. A request that gives it, 0 too, has its candidates from the exact shortlist, whose order does not depend on the page.
    /// </summary>
    public int? Offset { get; init; }

    /// <summary>Candidates to rerank, from 1; if not given, as many as are configured or the bundle's ranking says. At least <c>top</c> are reranked.</summary>
    public int? Shortlist { get; init; }

    /// <summary>What hits are ordered by: both stages, as the bundle's ranking says, or the matching model's score alone.</summary>
    public RankBy? RankBy { get; init; }

    /// <summary>Time for the whole request, in milliseconds, from 1. What could not be reranked in time follows in coarse order.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>
    /// Conditions on the metadata of images, all of which must hold. Each is a key and what the image must have there: a text, a number, a boolean, a range of numbers, or one of several of these. They apply before the shortlist is taken, so a filter never empties it while any image matches.
    /// </summary>
    public IReadOnlyDictionary<string, MetadataCondition>? Filter { get; init; }
}
