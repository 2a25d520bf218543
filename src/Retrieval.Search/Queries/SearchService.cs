using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Inference;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Records;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Scheduling;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// Both questions, in two stages: a shortlist by inner product of coarse embeddings, then the full matching model on
/// the shortlist. One request computes at a time: a graph uses all cores by itself, so two at once would only be late
/// together. A request that waits and whose caller has left is dropped before any work.
/// </summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Bounds and defaults.</param>
/// <param name="metrics">Told of each answer.</param>
/// <param name="time">Measures stages and deadlines.</param>
/// <param name="device">Shared with whoever else computes in this process; left out, only searches wait for each other.</param>
/// <param name="catalog">Gives the shortlists; left out, they are exact ones over the local index.</param>
public sealed class SearchService(
    SnapshotSource snapshots, SearchOptions options, SearchMetrics metrics, TimeProvider time, DevicePermit? device = null, CatalogStage? catalog = null) : IDisposable
{
    private readonly DevicePermit _device = device ?? new DevicePermit();
    private volatile bool _disposed;

    /// <summary>Which images fit a caption.</summary>
    /// <exception cref="InvalidInputException">A field of the request is invalid.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed before there was a shortlist.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public async Task<SearchAnswer> SearchImagesAsync(ImageSearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limits = RequestLimits.Of(request, options);
        using var snapshot = snapshots.Acquire();
        var clock = new StageClock(time);
        var caption = Tokenize(snapshot.Model.Captions, request.Caption, "caption");
        clock.End(Stages.Tokenize);

        return await RunAsync(snapshot, limits, clock, async run =>
        {
            await run.TakeTurnAsync().ConfigureAwait(false);
            using var encoded = Encode(snapshot.Model, caption.TokenIds, run.BeforeDeadline);
            clock.End(Stages.Encode);

            // A copy: an answer of the catalog that comes too late is still read against it.
            var candidates = await run.ShortlistAsync(catalog, RecordSide.Image, encoded.Embedding(0).ToArray(), request.Filter).ConfigureAwait(false);
            var ranked = run.Rerank(snapshot.Model.TextToImage, snapshot.Images, encoded.Records, candidates);
            var tokens = new QueryTokens(caption.Tokens, caption.UnknownTokens, caption.Truncated);
            return Assemble("images", run, ranked, tokens, (candidate, rank) => ImageHit(snapshot.Index, candidate, rank));
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Which captions fit an image of the index.</summary>
    /// <exception cref="InvalidInputException">A field of the request is invalid.</exception>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed before there was a shortlist.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public async Task<SearchAnswer> SearchCaptionsAsync(CaptionSearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limits = RequestLimits.Of(request, options);
        using var snapshot = snapshots.Acquire();
        var slot = ImageSlot(snapshot.Index, request.ImageId);
        var clock = new StageClock(time);

        return await RunAsync(snapshot, limits, clock, async run =>
        {
            if (catalog is null)
            {
                await run.TakeTurnAsync().ConfigureAwait(false);
            }

            var candidates = await run.ShortlistAsync(catalog, RecordSide.Caption, SearchRun.EmbeddingOf(snapshot.Index.Images, slot), request.Filter).ConfigureAwait(false);
            using var query = snapshot.Images.Row(slot);
            var ranked = run.Rerank(snapshot.Model.ImageToText, snapshot.Captions, query, candidates);
            return Assemble("captions", run, ranked, null, (candidate, rank) => CaptionHit(snapshot.Index, candidate, rank));
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The matching model's score of given pairs, without a shortlist.</summary>
    /// <exception cref="InvalidInputException">No pairs, too many, or one that names neither or both kinds of caption.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public async Task<ScoreAnswer> ScoreAsync(IReadOnlyList<ScorePair> pairs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (pairs.Count == 0 || pairs.Count > options.MaxPairs)
        {
            throw new InvalidInputException($"has {pairs.Count} pairs; expected 1 to {options.MaxPairs}", field: "pairs");
        }

        using var snapshot = snapshots.Acquire();
        var clock = new StageClock(time);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var plan = ScorePlan.Of(pairs, snapshot);
        clock.End(Stages.Tokenize);
        using (await _device.TakeAsync(cancellationToken).ConfigureAwait(false))
        {
            var scores = plan.Run(snapshot, clock, cancellationToken);
            metrics.Answered("score", clock.Stages, pairs.Count, []);
            return new ScoreAnswer(scores, snapshot.Model.Label, snapshot.Epoch, clock.Stages);
        }
    }

    /// <summary>One image as the index holds it.</summary>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public ImageDetails GetImage(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        using var snapshot = snapshots.Acquire();
        var index = snapshot.Index;
        var image = index.GetImage(ImageSlot(index, id));
        var captions = Enumerable.Range(0, image.CaptionCount)
            .Select(i => new CaptionDetails(CaptionId.Of(id, i), index.GetCaption(image.FirstCaption + i).Text));
        var boxes = image.Boxes.Count == 0 ? null : image.Boxes.Chunk(4).ToList();
        return new ImageDetails(id, [.. captions], Metadata(image), boxes, snapshot.Epoch);
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

    private async Task<SearchAnswer> RunAsync(SearchSnapshot snapshot, RequestLimits limits, StageClock clock, Func<SearchRun, Task<SearchAnswer>> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var run = new SearchRun(snapshot, limits, clock, _device, time, cancellationToken);
        try
        {
            return await work(run).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.IsLate)
        {
            throw new DeadlineExceededException(limits.DeadlineMs ?? 0);
        }
    }

    // A caption cannot be at fault for this: it went through the vocabulary.
    private static EncodedBatch Encode(MatchingModel model, long[] tokenIds, CancellationToken cancellationToken)
    {
        var encoded = model.TextEncoder.Encode([tokenIds], cancellationToken);
        if (encoded.NonFinite().Count == 0)
        {
            return encoded;
        }

        encoded.Dispose();
        throw new InferenceException(model.Manifest.Graphs.TextEncoder, "gave a value that is not finite for the caption");
    }

    private SearchAnswer Assemble(string kind, SearchRun run, Candidate[] ranked, QueryTokens? tokens, Func<Candidate, int, SearchHit> hit)
    {
        var hits = ranked.Take(run.Limits.Top).Select((candidate, i) => hit(candidate, i + 1)).ToList();
        var reranked = ranked.Count(candidate => candidate.Score is not null);
        List<string> reasons = [.. run.FellBack ? [DegradedReasons.CatalogUnavailable] : Array.Empty<string>(), .. reranked < ranked.Length ? [DegradedReasons.Deadline] : Array.Empty<string>()];
        var degraded = reasons.Count == 0 ? null : string.Join(DegradedReasons.Separator, reasons);
        run.Clock.End(Stages.Assemble);
        metrics.Answered(kind, run.Clock.Stages, reranked, reasons);
        return new SearchAnswer(hits, tokens, ranked.Length, reranked, degraded, run.Snapshot.Model.Label, run.Snapshot.Epoch, run.Clock.Stages);
    }

    private static SearchHit ImageHit(LocalIndex index, Candidate candidate, int rank)
    {
        var image = index.GetImage(candidate.Slot);
        return new SearchHit(image.Id, rank, candidate.Score, candidate.Coarse, image.Id, Metadata(image), null);
    }

    private static SearchHit CaptionHit(LocalIndex index, Candidate candidate, int rank)
    {
        var caption = index.GetCaption(candidate.Slot);
        var image = index.GetImage(caption.ImageSlot);
        return new SearchHit(CaptionId.Of(image.Id, caption.Position), rank, candidate.Score, candidate.Coarse, image.Id, Metadata(image), caption.Text);
    }

    private static JsonElement? Metadata(IndexedImage image) =>
        image.Metadata.IsEmpty ? null : JsonDocument.Parse(image.Metadata).RootElement.Clone();
}
