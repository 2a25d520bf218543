using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Search.Shortlists;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Recall;

/// <summary>
/// Measures a shortlist: scores the query against everything, or against an exact shortlist of many times the size, and compares
/// the best of that with what the query's own shortlist had. It computes only while nothing else waits or runs, a few pairs at
/// a time, so a request that arrives meanwhile waits for one small batch at most.
/// </summary>
/// <param name="queues">Where it computes.</param>
/// <param name="time">Measures and waits.</param>
public sealed class RecallProbe(ComputeQueues queues, TimeProvider time)
{
    /// <summary>Most pairs that are scored for one query, unless <see cref="Times"/> shortlists are more.</summary>
    public const int MostPairs = 20_000;

    /// <summary>How many times longer the reference is at least than the shortlist, where it cannot be everything.</summary>
    public const int Times = 20;

    private const int Best = 10;
    private const int FewestAtOnce = 8;

    // A request waits no longer than for one batch of these pairs.
    private static readonly TimeSpan longestBatch = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan look = TimeSpan.FromMilliseconds(20);

    // Data that is replaced meanwhile stays mapped for no longer than this.
    private static readonly TimeSpan longestWait = TimeSpan.FromMinutes(1);

    /// <summary>Measures one query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="cancellationToken">Stops the measurement.</param>
    /// <returns>Null if it was not measured: what it searched has been replaced, the device was busy for a minute, or there is no hit.</returns>
    public async Task<RecallMeasurement?> MeasureAsync(SampledQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (!query.Snapshot.TryLease())
        {
            return null;
        }

        using var snapshot = query.Snapshot;
        using var patience = new CancellationTokenSource(longestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return query.TokenIds is { } tokenIds
                ? await MeasureCaptionAsync(query, tokenIds, either.Token).ConfigureAwait(false)
                : await MeasureImageAsync(query, query.ImageSlot!.Value, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<RecallMeasurement?> MeasureCaptionAsync(SampledQuery query, long[] tokenIds, CancellationToken cancellationToken)
    {
        await IdleAsync(cancellationToken).ConfigureAwait(false);
        var item = new CaptionItem(query.Snapshot.EncodeBatcher, tokenIds, new WorkLimits { Caller = cancellationToken });
        using var encoded = await queues.Device.RunAsync(item).ConfigureAwait(false);
        var side = new Side(QueryKinds.Images, query.Snapshot.ImageShortlist, query.Snapshot.TextToImage, query.Snapshot.Index.Images.Count);
        return await MeasureAsync(query, side, encoded.Embedding, encoded.Record, item.Computing, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RecallMeasurement?> MeasureImageAsync(SampledQuery query, long slot, CancellationToken cancellationToken)
    {
        using var record = QueryItems.RecordOf(query.Snapshot, RecordSide.Image, slot);
        var embedding = QueryItems.EmbeddingOf(query.Snapshot.Index, query.Snapshot.Index.Images, slot);
        var side = new Side(QueryKinds.Captions, query.Snapshot.CaptionShortlist, query.Snapshot.ImageToText, query.Snapshot.Index.Captions.Count);
        return await MeasureAsync(query, side, embedding, record, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RecallMeasurement?> MeasureAsync(SampledQuery query, Side side, ReadOnlyMemory<float> embedding, RecordTable record, TimeSpan computing, CancellationToken cancellationToken)
    {
        var longest = (int)Math.Min(side.Items, Math.Max(MostPairs, (long)Times * query.Shortlist.Length));
        await IdleAsync(cancellationToken).ConfigureAwait(false);
        var find = new ShortlistItem(side.Shortlist, embedding, longest, null, new WorkLimits { Caller = cancellationToken }, null, cancellationToken);
        var hits = await queues.Host.RunAsync(find).ConfigureAwait(false);
        var (reranked, scoring) = await RerankAsync(query, side, record, SearchRun.Candidates(hits), cancellationToken).ConfigureAwait(false);
        long[] best = [.. reranked.Take(Best).Select(candidate => candidate.Slot)];
        if (best.Length == 0)
        {
            return null;
        }

        var shortlist = query.Shortlist.ToHashSet();
        return new RecallMeasurement(
            side.Kind,
            longest == side.Items ? RecallReferences.All : RecallReferences.Longer,
            (double)best.Count(shortlist.Contains) / best.Length,
            best[0] == query.First,
            hits.Length,
            computing + scoring);
    }

    private async Task<(Candidate[] Reranked, TimeSpan Computing)> RerankAsync(SampledQuery query, Side side, RecordTable record, Candidate[] candidates, CancellationToken cancellationToken)
    {
        var all = new List<Candidate>(candidates.Length);
        var total = TimeSpan.Zero;
        var atOnce = FewestAtOnce;
        for (var first = 0; first < candidates.Length;)
        {
            await IdleAsync(cancellationToken).ConfigureAwait(false);
            var part = candidates[first..Math.Min(first + atOnce, candidates.Length)];
            var limits = new WorkLimits { Caller = cancellationToken };
            var (scored, _, computing) = await Reranker.RerankAsync(queues.Device, side.Scorer, record, part, query.Ranking, limits).ConfigureAwait(false);
            all.AddRange(part.AsSpan(0, scored));
            total += computing;
            first += part.Length;

            // As many as the device scores in the time that a request may have to wait.
            atOnce = computing > longestBatch ? Math.Max(FewestAtOnce, part.Length / 2) : computing < longestBatch / 2 ? Math.Min(side.Scorer.MaxBatchSize, 2 * part.Length) : part.Length;
        }

        var reranked = all.ToArray();
        Candidate.Sort(reranked, query.Ranking);
        return (reranked, total);
    }

    private async Task IdleAsync(CancellationToken cancellationToken)
    {
        while (!IsIdle(queues.Device.State) || !IsIdle(queues.Host.State))
        {
            await Task.Delay(look, time, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    // A request that has been admitted is about to compute, or is between two of its stages.
    private static bool IsIdle(QueueState state) => state is { Waiting: 0, Admitted: 0, RunningSeconds: 0 };

    private sealed record Side(string Kind, ShortlistBatcher Shortlist, ScoreBatcher Scorer, long Items);
}
