using System.Runtime.InteropServices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Scheduling;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Queries;

/// <summary>One search on its way through the stages: its deadline, its turn at the device, and what made its answer less than was asked for.</summary>
internal sealed class SearchRun : IDisposable
{
    private readonly SearchSnapshot _snapshot;
    private readonly RequestLimits _limits;
    private readonly DevicePermit _device;
    private readonly TimeProvider _time;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _either;
    private IDisposable? _turn;

    public SearchRun(SearchSnapshot snapshot, RequestLimits limits, StageClock clock, DevicePermit device, TimeProvider time, CancellationToken cancellationToken)
    {
        _snapshot = snapshot;
        _limits = limits;
        _device = device;
        _time = time;
        _caller = cancellationToken;
        Clock = clock;
        _deadline = limits.DeadlineMs is { } ms ? new CancellationTokenSource(TimeSpan.FromMilliseconds(ms), time) : new CancellationTokenSource();
        _either = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, cancellationToken);
    }

    public SearchSnapshot Snapshot => _snapshot;

    public RequestLimits Limits => _limits;

    public StageClock Clock { get; }

    /// <summary>For what must be done before the deadline; also ends when the caller has left.</summary>
    public CancellationToken BeforeDeadline => _either.Token;

    /// <summary>Whether the deadline passed, and not the caller left.</summary>
    public bool IsLate => _deadline.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Whether the catalog was to give the shortlist and did not.</summary>
    public bool FellBack { get; private set; }

    /// <summary>Waits for the device.</summary>
    public async Task TakeTurnAsync()
    {
        _turn = await _device.TakeAsync(BeforeDeadline).ConfigureAwait(false);
        Clock.End(Stages.Queue);
    }

    /// <summary>The candidates; the turn is taken when this ends, unless the deadline passed over the wait for it.</summary>
    /// <param name="catalog">Asked first, without a turn: it is no work of this machine; null where the exact shortlist is wanted.</param>
    /// <param name="side">What is searched.</param>
    /// <param name="query">The query's embedding.</param>
    /// <param name="filter">Conditions on the images' metadata; null for none.</param>
    public async Task<Candidate[]> ShortlistAsync(CatalogStage? catalog, RecordSide side, ReadOnlyMemory<float> query, IReadOnlyDictionary<string, IReadOnlyList<string>>? filter)
    {
        if (catalog is not null && _snapshot.Served is not null)
        {
            GiveTurnBack();
            var items = side == RecordSide.Image ? CatalogItems.Images : CatalogItems.Captions;
            var found = await catalog.TryFindAsync(_snapshot, items, query, _limits.Shortlist, filter, Left(), _caller).ConfigureAwait(false);
            Clock.End(Stages.Shortlist);
            if (found is not null)
            {
                await TryTakeTurnAsync().ConfigureAwait(false);
                return Candidates(found);
            }

            FellBack = true;
        }

        if (_turn is null)
        {
            await TakeTurnAsync().ConfigureAwait(false);
        }

        var (shortlist, allowed) = side == RecordSide.Image
            ? (_snapshot.ImageShortlist, filter is null ? null : _snapshot.Metadata.Images(filter))
            : (_snapshot.CaptionShortlist, filter is null ? null : _snapshot.Metadata.Captions(filter));
        var hits = shortlist.Find(query, _limits.Shortlist, allowed is null ? null : allowed.Contains, BeforeDeadline);
        Clock.End(Stages.Shortlist);
        return Candidates(hits);
    }

    /// <summary>Scores what the deadline allows.</summary>
    public Candidate[] Rerank(PairScorer scorer, RecordTable bank, RecordTable query, Candidate[] candidates)
    {
        var ranked = Reranker.Rerank(scorer, bank, query, candidates, _deadline.Token, _caller);
        Clock.End(Stages.Score);
        return ranked;
    }

    public void Dispose()
    {
        GiveTurnBack();
        _either.Dispose();
        _deadline.Dispose();
    }

    internal static float[] EmbeddingOf(IndexBank bank, long slot) => MemoryMarshal.Cast<byte, float>(bank.Embedding.Row(slot)).ToArray();

    private static Candidate[] Candidates(ShortlistHit[] hits) => [.. hits.Select((hit, i) => new Candidate(hit.Slot, new CoarsePlace(hit.Score, i + 1), null))];

    private TimeSpan? Left() => _limits.DeadlineMs is { } ms ? TimeSpan.FromTicks(Math.Max(0, (TimeSpan.FromMilliseconds(ms) - _time.GetElapsedTime(Clock.Began)).Ticks)) : null;

    // With candidates in hand there is something to answer with, should the deadline pass here.
    private async Task TryTakeTurnAsync()
    {
        try
        {
            await TakeTurnAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (IsLate)
        {
            Clock.End(Stages.Queue);
        }
    }

    private void GiveTurnBack()
    {
        _turn?.Dispose();
        _turn = null;
    }
}
