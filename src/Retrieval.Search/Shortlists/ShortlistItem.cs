using System.Collections.Concurrent;
using Retrieval.Inference.Scheduling;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Shortlists;

/// <summary>A request for an exact shortlist.</summary>
/// <param name="batcher">The batcher of the collection.</param>
/// <param name="query">The query's embedding, <c>[E]</c>.</param>
/// <param name="top">Number of candidates.</param>
/// <param name="accept">Which slots may be candidates; null for all.</param>
/// <param name="limits">When it is no longer wanted.</param>
/// <param name="factors">One factor a slot for its inner product; null for none.</param>
/// <param name="wanted">Cancelled when it is no longer wanted.</param>
internal sealed class ShortlistItem(ShortlistBatcher batcher, ReadOnlyMemory<float> query, int top, Func<long, bool>? accept, WorkLimits limits, float[]? factors, CancellationToken wanted)
    : WorkItem<ShortlistHit[]>(batcher, 1, batcher.CostOfOne, limits)
{
    public ReadOnlyMemory<float> Query => query;

    public int Top => top;

    public Func<long, bool>? Accept => accept;

    public float[]? Factors => factors;

    public CancellationToken Wanted => wanted;

    public ShortlistHit[] Hits { get; set; } = [];

    /// <summary>Slots that were left out because their embedding is damaged.</summary>
    public ConcurrentQueue<long> Damaged { get; } = [];

    protected override ShortlistHit[] GetResult() => Hits;
}
