using Retrieval.Domain.Bundles;
using Retrieval.Domain.Images;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Shortlists;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Queries;

/// <summary>One search as it passes through the stages: its deadline, and what made its answer less than the request asked for.</summary>
internal sealed class SearchRun : IDisposable
{
    private readonly ComputeQueues _queues;
    private readonly SearchMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly CancellationToken _caller;
    private readonly WorkTime _wanted;
    private Func<int, Task<(ShortlistHit[] Hits, IReadOnlyCollection<long> Damaged)>>? _wider;
    private bool _usedMetadata;
    private long? _except;
    private float[]? _factors;

    public SearchRun(SearchSnapshot snapshot, RequestLimits limits, WorkPermit permit, StageClock clock, ComputeQueues queues, SearchMetrics metrics, TimeProvider time, CancellationToken cancellationToken)
    {
        Snapshot = snapshot;
        Limits = limits;
        Clock = clock;
        _queues = queues;
        _metrics = metrics;
        _time = time;
        _caller = cancellationToken;
        _wanted = new WorkTime(limits.Deadline, time, permit, cancellationToken);
    }

    public SearchSnapshot Snapshot { get; }

    public RequestLimits Limits { get; }

    public StageClock Clock { get; }

    /// <summary>Limits for the work that is queued.</summary>
    public WorkLimits Work => _wanted.Limits;

    /// <inheritdoc cref="WorkTime.IsLate"/>
    public bool IsLate => _wanted.IsLate;

    /// <summary>Whether the catalog should have supplied the shortlist and did not.</summary>
    public bool FellBack { get; private set; }

    /// <summary>How many candidates were scored.</summary>
    public int Reranked { get; private set; }

    /// <summary>Candidates that were left out because their stored data is damaged.</summary>
    public int Damaged { get; private set; }

    /// <summary>Encodes the caption as a query.</summary>
    public Task<EncodedCaption> EncodeAsync(long[] tokenIds) => QueryItems.EncodeAsync(Snapshot, _queues.Device, tokenIds, Work, Clock);

    /// <summary>The query image: looked up in the bank, or encoded. To be disposed of.</summary>
    /// <param name="slot">Its slot; null for features.</param>
    public async Task<PairSide> ImageAsync(long? slot)
    {
        if (slot is { } stored)
        {
            var record = QueryItems.RecordOf(Snapshot, RecordSide.Image, stored);
            return new PairSide(record, QueryItems.EmbeddingOf(Snapshot.Index, Snapshot.Index.Images, stored), record);
        }

        var encoded = await QueryItems.EncodeAsync(Snapshot, _queues.Device, Limits.Query.Features!, Work, Clock).ConfigureAwait(false);

        // A late answer of the catalog is still read against it.
        return new PairSide(encoded.Records, encoded.Embedding(0).ToArray(), encoded);
    }

    /// <summary>Finds the candidates.</summary>
    /// <param name="catalog">Asked first; null if the exact shortlist is wanted.</param>
    /// <param name="side">What is searched.</param>
    /// <param name="query">The query's embedding; must not change, because a late answer of the catalog is still read against it.</param>
    /// <param name="filter">Conditions on the images' metadata; null for none.</param>
    /// <param name="except">A slot that is no candidate; null for none.</param>
    /// <param name="factors">One factor a slot for its inner product, of the exact shortlist; null for none.</param>
    /// <returns>Those of the shortlists that the wanted hits are in.</returns>
    public async Task<Candidate[]> ShortlistAsync(
        CatalogStage? catalog, RecordSide side, ReadOnlyMemory<float> query, IReadOnlyDictionary<string, MetadataCondition>? filter, long? except = null, float[]? factors = null)
    {
        (_except, _factors) = (except, factors);

        // How near pgvector comes to the exact order depends on how many candidates are asked for, and so on the page.
        var asked = Limits.Exact ? null : catalog;
        _wider = count => FindAsync(asked, side, query, filter, count);
        var (hits, damaged) = await _wider(Limits.Candidates + (except is null ? 0 : 1)).ConfigureAwait(false);
        LeaveOut(StoredData.EmbeddingOf(side), damaged);
        if (filter is not null && _usedMetadata)
        {
            // Whether they match the filter cannot be known.
            LeaveOut(StoredData.ImageMetadata, Snapshot.Metadata.Damaged);
        }

        var wanted = hits.Where(hit => hit.Slot != _except).Take(Limits.Candidates);
        return [.. Candidates([.. factors is null ? wanted : wanted.Select(hit => hit with { Score = UnitFactors.Cosine(hit.Score) })]).Skip(Limits.Skipped)];
    }

    private async Task<(ShortlistHit[] Hits, IReadOnlyCollection<long> Damaged)> FindAsync(
        CatalogStage? catalog, RecordSide side, ReadOnlyMemory<float> query, IReadOnlyDictionary<string, MetadataCondition>? filter, int count)
    {
        if (catalog is not null && Snapshot.Served is not null)
        {
            var items = side == RecordSide.Image ? CatalogItems.Images : CatalogItems.Captions;
            CatalogShortlistResult? found;
            using (Clock.Open(StageNames.Shortlist))
            {
                found = await catalog.TryFindAsync(Snapshot, items, query, count, filter, Limits.Deadline?.Left(_time), _caller).ConfigureAwait(false);
            }

            Clock.End(StageNames.Shortlist);
            if (found is not null)
            {
                return (found.Hits, found.Damaged);
            }

            FellBack = true;
        }

        var (batcher, allowed) = side == RecordSide.Image
            ? (Snapshot.ImageShortlist, filter is null ? null : Snapshot.Metadata.Images(filter))
            : (Snapshot.CaptionShortlist, filter is null ? null : Snapshot.Metadata.Captions(filter));
        _usedMetadata = filter is not null;
        var item = new ShortlistItem(batcher, query, count, allowed is null ? null : allowed.Contains, Work, _factors, _wanted.Token);
        var hits = await _queues.Host.RunAsync(item).ConfigureAwait(false);
        Clock.EndQueued(StageNames.Shortlist, item.Computing);
        return (hits, item.Damaged);
    }

    /// <summary>Scores as many candidates as the deadline allows, and sorts them: those of each shortlist among themselves.</summary>
    /// <returns>The candidates without those that have no score because of damage; if there are no pages, the next ones, if any, replace them.</returns>
    public async Task<Candidate[]> RerankAsync(ScoreBatcher batcher, RecordTable query, Candidate[] candidates)
    {
        if (!Limits.Exact)
        {
            return await RerankOneAsync(batcher, query, candidates).ConfigureAwait(false);
        }

        List<Candidate> all = [];
        foreach (var shortlist in candidates.Chunk(Limits.Shortlist))
        {
            // Once the deadline has passed, what follows stays in coarse order.
            all.AddRange(Reranked < all.Count ? shortlist : await ScoreAsync(batcher, query, shortlist).ConfigureAwait(false));
        }

        return [.. all];
    }

    private async Task<Candidate[]> RerankOneAsync(ScoreBatcher batcher, RecordTable query, Candidate[] candidates)
    {
        var sound = await ScoreAsync(batcher, query, candidates).ConfigureAwait(false);
        var missing = candidates.Length - sound.Length;
        if (missing == 0 || Reranked < sound.Length || candidates.Length < Limits.Shortlist)
        {
            return sound;
        }

        ShortlistHit[] hits;
        try
        {
            (hits, _) = await _wider!(Limits.Shortlist + missing).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (IsLate)
        {
            // There is something to return.
            return sound;
        }

        var known = candidates.Select(candidate => candidate.Slot).ToHashSet();
        var others = await ScoreAsync(batcher, query, [.. Candidates(hits).Where(candidate => !known.Contains(candidate.Slot)).Take(missing)]).ConfigureAwait(false);

        // The deadline may have passed in between: candidates without a score are then among the others, and stay last.
        Candidate[] all = [.. sound, .. others];
        Candidate.Sort(all.AsSpan(0, Reranked), RankingOf(query));
        return all;
    }

    // Counts the scored candidates, and returns the candidates without the damaged ones.
    private async Task<Candidate[]> ScoreAsync(ScoreBatcher batcher, RecordTable query, Candidate[] candidates)
    {
        var (scored, damaged, computing) = await Reranker.RerankAsync(_queues.Device, batcher, query, candidates, RankingOf(query), Work).ConfigureAwait(false);
        Reranked += scored;
        Clock.EndQueued(StageNames.Score, computing);
        var bank = query.Side == RecordSide.Image ? Snapshot.Captions : Snapshot.Images;
        foreach (var candidate in candidates.AsSpan(candidates.Length - damaged))
        {
            LeaveOut(QueryItems.KindOf(bank, candidate.Slot), candidate.Slot);
        }

        return damaged == 0 ? candidates : candidates[..^damaged];
    }

    /// <summary>What the hits of a query are ordered by.</summary>
    public DirectionRanking RankingOf(RecordTable query)
    {
        var ranking = Limits.RankBy == RankBy.Score ? null : Snapshot.Model.Manifest.Ranking;
        return (query.Side == RecordSide.Caption ? ranking?.TextToImage : ranking?.ImageToText) ?? new DirectionRanking(0, Limits.Shortlist);
    }

    /// <summary>Leaves out a candidate because its stored data is damaged: counts it, reports it once, and marks the answer.</summary>
    /// <param name="kind">One of <see cref="StoredData"/>.</param>
    /// <param name="slot">Its slot.</param>
    public void LeaveOut(string kind, long slot)
    {
        Damaged++;
        _metrics.LeftOut(kind);
        Snapshot.DamagedItems.Met(kind, slot);
    }

    public void Dispose() => _wanted.Dispose();

    private void LeaveOut(string kind, IEnumerable<long> slots)
    {
        foreach (var slot in slots)
        {
            LeaveOut(kind, slot);
        }
    }

    /// <summary>The hits of the first stage as candidates, in their order.</summary>
    internal static Candidate[] Candidates(ShortlistHit[] hits)
    {
        var candidates = new Candidate[hits.Length];
        for (var i = 0; i < hits.Length; i++)
        {
            candidates[i] = new Candidate(hits[i].Slot, new CoarseRank(hits[i].Score, i + 1));
        }

        return candidates;
    }
}
