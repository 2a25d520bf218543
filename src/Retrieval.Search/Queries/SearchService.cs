using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// Both questions, in two stages: a shortlist by inner product of coarse embeddings, then the full matching model on
/// the shortlist. Room is made for a request before anything is done for it; its work then shares the device's calls with
/// the work of others. A request whose caller has left is dropped from them.
/// </summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Bounds and defaults.</param>
/// <param name="metrics">Told of each answer.</param>
/// <param name="time">Measures stages and deadlines.</param>
/// <param name="queues">Shared with whoever else computes in this process; not disposed of here.</param>
/// <param name="catalog">Gives the shortlists; left out, they are exact ones over the local index.</param>
public sealed class SearchService(
    SnapshotSource snapshots, SearchOptions options, SearchMetrics metrics, TimeProvider time, ComputeQueues queues, CatalogStage? catalog = null) : IDisposable
{
    private readonly SearchBounds _bounds = new(options);
    private volatile bool _disposed;

    /// <summary>Either question.</summary>
    /// <exception cref="OverloadedException">As much work is waiting as may wait; nothing was done.</exception>
    /// <exception cref="InvalidInputException">A field of the request is invalid.</exception>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed before there was a shortlist.</exception>
    /// <exception cref="AnswerTooLongException">The hits' texts are longer than an answer may be.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="IndexCorruptException">What is stored of the image that is the query is damaged.</exception>
    /// <returns>The answer, to be disposed of.</returns>
    public Task<SearchAnswer> SearchAsync(SearchRequest request, CancellationToken cancellationToken) => SearchAsync(Check(request), cancellationToken);

    /// <summary>Either question, of a request that has been checked.</summary>
    /// <inheritdoc cref="SearchAsync(SearchRequest, CancellationToken)"/>
    public async Task<SearchAnswer> SearchAsync(CheckedSearch search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        using var place = queues.Device.Admit(search.Cost);
        return await SearchAdmittedAsync(search, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Either question, for a caller that has made room for it by <see cref="Admit"/>.</summary>
    /// <inheritdoc cref="SearchAsync(SearchRequest, CancellationToken)"/>
    public Task<SearchAnswer> SearchAdmittedAsync(CheckedSearch search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return search.Request switch
        {
            ImageSearchRequest images => LeasedAsync(snapshot => SearchImagesAsync(images, search, snapshot, cancellationToken)),
            CaptionSearchRequest captions => LeasedAsync(snapshot => SearchCaptionsAsync(captions, search, snapshot, cancellationToken)),
            _ => throw new ArgumentException($"unknown kind of request {search.Request.GetType()}", nameof(search)),
        };
    }

    /// <summary>Checks a request's numbers and conditions, and fills in what it leaves open. Its text is checked when it is read into words.</summary>
    /// <exception cref="InvalidInputException">A number of the request is out of bounds; names the field.</exception>
    public CheckedSearch Check(SearchRequest request) => CheckedSearch.Of(request, options, _bounds);

    /// <summary>Makes room for work that will be asked for piece by piece. Dispose of what it gives when all is done.</summary>
    /// <param name="cost">Most of it that is asked for at a time, in pairs.</param>
    /// <exception cref="OverloadedException">As much work is waiting as may wait.</exception>
    public IDisposable Admit(long cost) => queues.Device.Admit(cost);

    /// <summary>The matching model's score of given pairs, without a shortlist.</summary>
    /// <exception cref="OverloadedException">As much work is waiting as may wait; nothing was done.</exception>
    /// <exception cref="InvalidInputException">No pairs, too many, or one that names neither or both kinds of caption.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="DamagedDataException">What is stored of one of the pairs is damaged; the first such pair is named.</exception>
    public async Task<ScoreAnswer> ScoreAsync(IReadOnlyList<ScorePair> pairs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ObjectDisposedException.ThrowIf(_disposed, this);
        _bounds.Pairs.CheckCount(pairs.Count, "pairs");
        var cost = pairs.Count + (CaptionItem.CostOfOne * pairs.Select(pair => pair.Caption).OfType<string>().Distinct(StringComparer.Ordinal).Count());
        using var place = queues.Device.Admit(cost);
        using var snapshot = snapshots.Acquire();
        using var activity = SearchActivities.Start(QueryKinds.Score);
        var clock = new StageClock(time, activity);
        var plan = Soundly(snapshot.Index, () => ScorePlan.Of(pairs, snapshot));
        clock.End(Stages.Tokenize);
        var limits = new WorkLimits { Caller = cancellationToken, RequestCost = cost };
        var scores = await Soundly(snapshot.Index, () => plan.RunAsync(snapshot, queues.Device, limits, clock)).ConfigureAwait(false);
        metrics.Answered(QueryKinds.Score, clock.Stages, pairs.Count, []);
        return new ScoreAnswer(scores, snapshot.Model.Label, snapshot.Epoch, clock.Stages);
    }

    /// <summary>One image as the index holds it, its texts where they are stored. Dispose of it when it has been written.</summary>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="IndexCorruptException">What is stored of it is damaged.</exception>
    /// <exception cref="AnswerTooLongException">Its texts alone are longer than an answer may be.</exception>
    public ImageAnswer OpenImage(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Leased(snapshot => Soundly(snapshot.Index, () => new ImageAnswer(snapshot, id, ImageSlot(snapshot.Index, id), options.MaxAnswerBytes)));
    }

    /// <summary>One image as the index holds it, read into memory.</summary>
    /// <inheritdoc cref="OpenImage"/>
    public ImageDetails GetImage(string id)
    {
        using var image = OpenImage(id);
        var (first, count) = image.Texts.Captions(image.Slot);
        var captions = new CaptionDetails[count];
        for (var i = 0; i < count; i++)
        {
            captions[i] = new CaptionDetails(CaptionId.Of(id, i), Encoding.UTF8.GetString(image.Texts.Text(first + i)));
        }

        var boxes = image.Texts.Boxes(image.Slot).ToArray();
        var details = new ImageDetails(id, captions, SearchAnswer.MetadataOf(image.Texts, image.Slot), boxes.Length == 0 ? null : [.. boxes.Chunk(4)], image.IndexEpoch);
        image.RequireWhole();
        return details;
    }

    /// <summary>Refuses new requests. Those that have begun end as they would have: the device is theirs to give back.</summary>
    public void Dispose() => _disposed = true;

    internal static long ImageSlot(LocalIndex index, string id) =>
        index.TryGetImageSlot(id, out var slot) ? slot : throw new NotFoundException("image", id);

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

    // Nothing that was computed from memory that is not there any more leaves here, be it a result or an error that came of it.
    private static async Task<T> Soundly<T>(LocalIndex index, Func<Task<T>> compute)
    {
        try
        {
            var result = await compute().ConfigureAwait(false);
            index.RequireSound();
            return result;
        }
        catch (Exception exception) when (IsOfDamage(exception, index))
        {
            throw index.FindDamage()!;
        }
    }

    private static T Soundly<T>(LocalIndex index, Func<T> compute)
    {
        try
        {
            var result = compute();
            index.RequireSound();
            return result;
        }
        catch (Exception exception) when (IsOfDamage(exception, index))
        {
            throw index.FindDamage()!;
        }
    }

    private static bool IsOfDamage(Exception exception, LocalIndex index) =>
        exception is not (IndexCorruptException or OperationCanceledException or InvalidInputException) && index.FindDamage() is not null;

    // The answer takes the lease with it.
    private T Leased<T>(Func<SearchSnapshot, T> answer)
    {
        var snapshot = snapshots.Acquire();
        try
        {
            return answer(snapshot);
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    private async Task<SearchAnswer> LeasedAsync(Func<SearchSnapshot, Task<SearchAnswer>> answer)
    {
        var snapshot = snapshots.Acquire();
        try
        {
            return await Soundly(snapshot.Index, () => answer(snapshot)).ConfigureAwait(false);
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    private async Task<SearchAnswer> SearchImagesAsync(ImageSearchRequest request, CheckedSearch limits, SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        using var activity = SearchActivities.Start(QueryKinds.Images);
        var clock = new StageClock(time, activity);
        var caption = Tokenize(snapshot.Model.Captions, request.Caption, "caption");
        clock.End(Stages.Tokenize);
        using var run = new SearchRun(snapshot, limits, clock, queues, metrics, time, cancellationToken);
        try
        {
            using var encoded = await run.EncodeAsync(caption.TokenIds).ConfigureAwait(false);
            var candidates = await run.ShortlistAsync(catalog, RecordSide.Image, encoded.Embedding, request.Filter).ConfigureAwait(false);
            candidates = await run.RerankAsync(snapshot.TextToImage, encoded.Record, candidates).ConfigureAwait(false);
            return Assemble(QueryKinds.Images, run, candidates, new QueryTokens(caption.Tokens, caption.UnknownTokens, caption.Truncated));
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.DeadlineMs ?? 0);
        }
    }

    private async Task<SearchAnswer> SearchCaptionsAsync(CaptionSearchRequest request, CheckedSearch limits, SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        var slot = ImageSlot(snapshot.Index, request.ImageId);
        using var activity = SearchActivities.Start(QueryKinds.Captions);
        var clock = new StageClock(time, activity);
        using var run = new SearchRun(snapshot, limits, clock, queues, metrics, time, cancellationToken);
        try
        {
            using var query = SearchRun.ImageQuery(snapshot, slot);
            var embedding = SearchRun.EmbeddingOf(snapshot.Index, snapshot.Index.Images, slot);
            var candidates = await run.ShortlistAsync(catalog, RecordSide.Caption, embedding, request.Filter).ConfigureAwait(false);
            candidates = await run.RerankAsync(snapshot.ImageToText, query, candidates).ConfigureAwait(false);
            return Assemble(QueryKinds.Captions, run, candidates, null);
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.DeadlineMs ?? 0);
        }
    }

    private SearchAnswer Assemble(string kind, SearchRun run, Candidate[] ranked, QueryTokens? tokens)
    {
        // Whose query is an image searches for captions.
        var check = new HitCheck(new StoredTexts(run.Snapshot.Index), options.MaxAnswerBytes);
        var hits = check.Take(ranked, captions: tokens is null, run.Limits.Top, run.LeaveOut);
        var reranked = run.Reranked;
        List<string> reasons = [];
        AddIf(run.FellBack, DegradedReasons.CatalogUnavailable);
        AddIf(reranked < ranked.Length, DegradedReasons.Deadline);
        AddIf(run.Damaged > 0 || run.Snapshot.IsDamaged, DegradedReasons.Damaged);
        var degraded = reasons.Count == 0 ? null : string.Join(DegradedReasons.Separator, reasons);
        run.Clock.End(Stages.Assemble);
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
