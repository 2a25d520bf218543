using System.Diagnostics;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Shortlists;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// All kinds of search: a shortlist by inner product of coarse embeddings, then, except of images for an image, the full
/// matching model on the shortlist. A request is admitted before anything is done for it; its work then shares the device's batches with the
/// work of others. If its caller disconnects, its work is dropped from them.
/// </summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Bounds and defaults.</param>
/// <param name="metrics">Receives each answer.</param>
/// <param name="time">Measures stages and deadlines.</param>
/// <param name="queues">Shared with everything else that computes in this process; not disposed of here.</param>
/// <param name="catalog">Supplies the shortlists; if null, they are exact ones over the local index.</param>
/// <param name="sampler">Receives answered queries when it wants one; null if nobody measures them.</param>
public sealed class SearchService(
    SnapshotSource snapshots, SearchOptions options, SearchMetrics metrics, TimeProvider time, ComputeQueues queues, CatalogStage? catalog = null, QuerySampler? sampler = null) : IDisposable
{
    private readonly SearchBounds _bounds = new(options);
    private volatile bool _disposed;

    /// <summary>Runs either kind of search, with a deadline that counts from now.</summary>
    /// <inheritdoc cref="SearchAsync(SearchRequest, long, CancellationToken)"/>
    public Task<SearchAnswer> SearchAsync(SearchRequest request, CancellationToken cancellationToken) =>
        SearchAsync(request, time.GetTimestamp(), cancellationToken);

    /// <summary>Runs either kind of search.</summary>
    /// <param name="request">The request.</param>
    /// <param name="since">Timestamp of the process's clock when the request arrived; the deadline counts from it.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    /// <exception cref="OverloadedException">The queue is full; nothing was done.</exception>
    /// <exception cref="InvalidInputException">A field of the request is invalid.</exception>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed before there was a shortlist.</exception>
    /// <exception cref="AnswerTooLongException">The hits' texts exceed the longest permitted answer.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="UnknownIndexException">The request names an index that is not held.</exception>
    /// <exception cref="FurtherIndexException">It names a further index that is not loaded.</exception>
    /// <exception cref="IndexCorruptException">The stored data of the query image is damaged.</exception>
    /// <returns>The answer, to be disposed of.</returns>
    public async Task<SearchAnswer> SearchAsync(SearchRequest request, long since, CancellationToken cancellationToken)
    {
        var limits = LimitsOf(request, since);
        using var permit = Admit(limits.Cost);
        return await SearchAsync(request, limits, permit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A search by the process itself, to warm up or to check that the device computes; it needs no admission.</summary>
    /// <inheritdoc cref="SearchAsync(SearchRequest, long, CancellationToken)"/>
    public async Task<SearchAnswer> ProbeAsync(SearchRequest request, CancellationToken cancellationToken)
    {
        using var permit = WorkPermit.ForOwnWork();
        return await SearchAsync(request, LimitsOf(request, time.GetTimestamp()), permit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The matching model's score of given pairs, without a shortlist.</summary>
    /// <exception cref="OverloadedException">The queue is full; nothing was done.</exception>
    /// <exception cref="InvalidInputException">No pairs, too many, or a pair that names neither or both kinds of caption.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="DamagedDataException">The stored data of a pair is damaged; the first such pair is named.</exception>
    public async Task<ScoreAnswer> ScoreAsync(IReadOnlyList<ScorePair> pairs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ObjectDisposedException.ThrowIf(_disposed, this);
        _bounds.Pairs.CheckCount(pairs.Count, "pairs");
        var cost = pairs.Count + (CaptionItem.CostOfOne * pairs.Select(pair => pair.Caption).OfType<string>().Distinct(StringComparer.Ordinal).Count());
        using var permit = queues.Admit(cost);
        using var snapshot = snapshots.Acquire();
        using var activity = SearchActivities.Start(QueryKinds.Score);
        var clock = new StageClock(time, activity);
        var plan = Soundly.Run(snapshot.Index, () => ScorePlan.Of(pairs, snapshot));
        clock.End(StageNames.Tokenize);
        var limits = new WorkLimits { Flow = permit.Flow, Caller = cancellationToken, RequestCost = cost };
        var scores = await Soundly.RunAsync(snapshot.Index, () => plan.RunAsync(snapshot, queues.Device, limits, clock)).ConfigureAwait(false);
        metrics.Answered(QueryKinds.Score, clock.Stages, pairs.Count, []);
        return new ScoreAnswer(scores, snapshot.Model.Label, snapshot.Epoch, clock.Stages);
    }

    /// <summary>Refuses new requests. Running ones end normally; the device is not disposed of here.</summary>
    public void Dispose() => _disposed = true;

    /// <summary>Candidates of a search of the default size.</summary>
    internal int UsualShortlist => options.UsualShortlist(ServedRanking);

    // Without a lease: admission precedes it. If another bundle is served in between, a request has the former's shortlist and the
    // latter's order.
    private RankingSpec? ServedRanking => snapshots.Status?.Manifest.Ranking;

    internal RequestLimits LimitsOf(SearchRequest request, long since) => RequestLimits.Of(request, options, _bounds, ServedRanking, since, time);

    internal WorkPermit Admit(long cost, long? all = null) => queues.Admit(cost, all);

    /// <summary>The common entry of all searches: needs a permit and computed limits.</summary>
    internal Task<SearchAnswer> SearchAsync(SearchRequest request, RequestLimits limits, WorkPermit permit, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        permit.RequireHeld();
        return request switch
        {
            ImageSearchRequest when limits.Query.Kind == QueryKinds.Similar => LeasedAsync(request, snapshot => SearchSimilarAsync(request, limits, permit, snapshot, cancellationToken)),
            ImageSearchRequest => LeasedAsync(request, snapshot => SearchImagesAsync(request, limits, permit, snapshot, cancellationToken)),
            _ => LeasedAsync(request, snapshot => SearchCaptionsAsync(request, limits, permit, snapshot, cancellationToken)),
        };
    }

    internal static long ImageSlot(LocalIndex index, string id) =>
        index.TryGetImageSlot(id, out var slot) ? slot : throw new NotFoundException("image", id);

    internal static long CaptionSlot(LocalIndex index, string id)
    {
        var (imageId, position) = CaptionId.Parse(id);
        if (!index.TryGetImageSlot(imageId, out var slot))
        {
            throw new NotFoundException("caption", id);
        }

        var (first, count) = new StoredTexts(index).Captions(slot);
        return position < count ? first + position : throw new NotFoundException("caption", id);
    }

    internal static TokenizedCaption Tokenize(CaptionEncoder captions, string caption, string field)
    {
        try
        {
            return captions.Encode(caption);
        }
        catch (InvalidInputException exception) when (exception.Field is null)
        {
            throw new InvalidInputException(exception.Reason, field: field, innerException: exception);
        }
    }

    private async Task<SearchAnswer> LeasedAsync(SearchRequest request, Func<SearchSnapshot, Task<SearchAnswer>> answer)
    {
        var snapshot = snapshots.Acquire(request.Index);
        try
        {
            return await Soundly.RunAsync(snapshot.Index, () => answer(snapshot)).ConfigureAwait(false);
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    private async Task<SearchAnswer> SearchImagesAsync(SearchRequest request, RequestLimits limits, WorkPermit permit, SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        using var activity = SearchActivities.Start(QueryKinds.Images);
        var clock = Begin(limits, activity);
        var caption = Tokenize(snapshot.Model.Captions, limits.Query.Caption!, "caption");
        clock.End(StageNames.Tokenize);
        using var run = new SearchRun(snapshot, limits, permit, clock, queues, metrics, time, cancellationToken);
        try
        {
            using var encoded = await run.EncodeAsync(caption.TokenIds).ConfigureAwait(false);
            var candidates = await run.ShortlistAsync(catalog, RecordSide.Image, encoded.Embedding, request.Filter).ConfigureAwait(false);
            candidates = await run.RerankAsync(snapshot.TextToImage, encoded.Record, candidates).ConfigureAwait(false);
            var answer = Assemble(run, candidates, new QueryTokens(caption.Tokens, caption.UnknownTokens, caption.Truncated));
            if (IsWanted(request, options.ShortlistOf(snapshot.Model.Manifest.Ranking?.TextToImage), answer))
            {
                sampler!.Offer(new SampledQuery(snapshot, caption.TokenIds, null, run.RankingOf(encoded.Record), Slots(candidates), candidates[0].Slot));
            }

            return answer;
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.Deadline!.Value);
        }
    }

    // The matching model has no score of two images: the first stage, over embeddings of images, is all there is.
    private async Task<SearchAnswer> SearchSimilarAsync(SearchRequest request, RequestLimits limits, WorkPermit permit, SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        var slot = QueryImage(limits.Query, snapshot);
        using var activity = SearchActivities.Start(QueryKinds.Similar);
        var clock = Begin(limits, activity);
        using var run = new SearchRun(snapshot, limits, permit, clock, queues, metrics, time, cancellationToken);
        try
        {
            using var query = await run.ImageAsync(slot).ConfigureAwait(false);

            // pgvector's indexes are for inner products, which order images by the cosine only if all have unit length.
            var unit = UnitFactors.Unit(query.Embedding.Span);
            return Assemble(run, await run.ShortlistAsync(null, RecordSide.Image, unit, request.Filter, slot, snapshot.ImageFactors).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.Deadline!.Value);
        }
    }

    private async Task<SearchAnswer> SearchCaptionsAsync(SearchRequest request, RequestLimits limits, WorkPermit permit, SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        var slot = QueryImage(limits.Query, snapshot);
        using var activity = SearchActivities.Start(QueryKinds.Captions);
        var clock = Begin(limits, activity);
        using var run = new SearchRun(snapshot, limits, permit, clock, queues, metrics, time, cancellationToken);
        try
        {
            using var query = await run.ImageAsync(slot).ConfigureAwait(false);
            var candidates = await run.ShortlistAsync(catalog, RecordSide.Caption, query.Embedding, request.Filter).ConfigureAwait(false);
            candidates = await run.RerankAsync(snapshot.ImageToText, query.Record, candidates).ConfigureAwait(false);
            var answer = Assemble(run, candidates, null);
            if (slot is not null && IsWanted(request, options.ShortlistOf(snapshot.Model.Manifest.Ranking?.ImageToText), answer))
            {
                sampler!.Offer(new SampledQuery(snapshot, null, slot, run.RankingOf(query.Record), Slots(candidates), candidates[0].Slot));
            }

            return answer;
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.Deadline!.Value);
        }
    }

    private static long? QueryImage(SearchQuery query, SearchSnapshot snapshot)
    {
        query.Features?.Require(snapshot.Model.Manifest);
        return query.ImageId is { } id ? ImageSlot(snapshot.Index, id) : null;
    }

    // Only what a search of the default size gives: what callers ask for beyond or below says nothing about the default.
    private bool IsWanted(SearchRequest request, int usual, SearchAnswer answer) =>
        sampler is { IsWanted: true } && request is { Index: null, Shortlist: null, Offset: null, Filter: null, RankBy: null or RankBy.Both } && answer is { Degraded: null, Places.Count: > 0 } && answer.Shortlisted <= usual;

    private static long[] Slots(Candidate[] candidates) => Array.ConvertAll(candidates, candidate => candidate.Slot);

    // A request whose deadline passed while it waited for admission is told so before anything is done for it.
    private StageClock Begin(RequestLimits limits, Activity? activity)
    {
        var clock = new StageClock(time, activity);
        return limits.Deadline is { } deadline && deadline.EndsAt <= clock.Began ? throw new DeadlineExceededException(deadline) : clock;
    }

    private SearchAnswer Assemble(SearchRun run, Candidate[] ranked, QueryTokens? tokens)
    {
        var kind = run.Limits.Query.Kind;
        var check = new HitCheck(new StoredTexts(run.Snapshot.Index), run.Snapshot.Model.Manifest.Transform, options.MaxAnswerBytes);
        var hits = check.Take(ranked, captions: kind == QueryKinds.Captions, run.Limits, run.LeaveOut);
        var reranked = run.Reranked;
        List<string> reasons = [];
        AddIf(run.FellBack, DegradedReasons.CatalogUnavailable);
        AddIf(kind != QueryKinds.Similar && reranked < ranked.Length, DegradedReasons.Deadline);
        AddIf(run.Damaged > 0 || run.Snapshot.IsDamaged, DegradedReasons.Damaged);
        var degraded = reasons.Count == 0 ? null : string.Join(DegradedReasons.Separator, reasons);
        run.Clock.End(StageNames.Assemble);
        metrics.Answered(kind, run.Clock.Stages, reranked, reasons);
        return new SearchAnswer(run.Snapshot, hits, run.Clock.Stages) { Query = tokens, Shortlisted = ranked.Length, Reranked = reranked, Degraded = degraded };

        void AddIf(bool holds, string reason)
        {
            if (holds)
            {
                reasons.Add(reason);
            }
        }
    }
}
