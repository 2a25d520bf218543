using System.ComponentModel.DataAnnotations;
using Retrieval.Domain.Bundles;
using Retrieval.Search.Shortlists;

namespace Retrieval.Search.Queries;

/// <summary>Bounds and defaults of a search request.</summary>
public sealed record SearchOptions
{
    private const int WithoutRanking = 200;

    /// <summary>Where shortlists come from.</summary>
    public ShortlistKind Shortlist { get; init; }

    /// <summary>Number of hits if a request does not say, 1 to <see cref="MaxTop"/>.</summary>
    public int DefaultTop { get; init; } = 10;

    /// <summary>Most hits a request may ask for.</summary>
    [Range(1, 1_000_000)]
    public int MaxTop { get; init; } = 1000;

    /// <summary>
    /// Number of candidates to rerank if a request does not say, 1 to <see cref="MaxShortlist"/>. Null for the number in the bundle's
    /// ranking, or for 200 if it has none; <see cref="MaxShortlist"/> bounds both.
    /// </summary>
    public int? DefaultShortlist { get; init; }

    /// <summary>Most candidates a request may have reranked.</summary>
    [Range(1, 10_000_000)]
    public int MaxShortlist { get; init; } = 10_000;

    /// <summary>Longest deadline a request may set, in milliseconds.</summary>
    [Range(1, 86_400_000)]
    public int MaxDeadlineMs { get; init; } = 600_000;

    /// <summary>
    /// Longest answer in bytes; also applies to a batch request as a whole. A longer answer is refused before its first byte;
    /// in a batch request, the query for which no room is left is refused.
    /// </summary>
    [Range(64 << 10, 1 << 30)]
    public int MaxAnswerBytes { get; init; } = 8 << 20;

    /// <summary>Most pairs of one score request.</summary>
    [Range(1, 10_000_000)]
    public int MaxPairs { get; init; } = 2000;

    /// <summary>
    /// Share of the device's time in which, while it is idle, the shortlists of sampled queries are compared with far longer ones, or
    /// with everything; the metrics <c>retrieval_recall_*</c> report what they had. 0 measures nothing.
    /// </summary>
    [Range(0, 0.5)]
    public double RecallBudget { get; init; }

    /// <summary>Number of candidates to rerank if a request does not say.</summary>
    /// <param name="ranking">The served bundle's, in the direction of the request; null if it has none.</param>
    public int ShortlistOf(DirectionRanking? ranking) => DefaultShortlist ?? Math.Min(ranking?.Shortlist ?? WithoutRanking, MaxShortlist);

    /// <summary>The larger of both directions' numbers of candidates: that of a search of the default size.</summary>
    /// <param name="ranking">The served bundle's; null if it has none.</param>
    public int UsualShortlist(RankingSpec? ranking) => Math.Max(ShortlistOf(ranking?.TextToImage), ShortlistOf(ranking?.ImageToText));
}
