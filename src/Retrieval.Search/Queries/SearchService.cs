using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Inference;
using Retrieval.Inference.Encoding;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Queries;

/// <summary>
/// Both questions, in two stages: a shortlist by inner product of coarse embeddings, then the full matching model on
/// the shortlist. One request computes at a time: a graph uses all cores by itself, so two at once would only be late
/// together. A request that waits and whose caller has left is dropped before any work.
/// </summary>
public sealed class SearchService(SnapshotSource snapshots, SearchOptions options, SearchMetrics metrics, TimeProvider time) : IDisposable
{
    // Never disposed of: it holds nothing but memory, and a request that ends after Dispose still releases it.
    private readonly SemaphoreSlim _device = new(1);
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

        return await OnDeviceAsync(limits, clock, (deadline, beforeDeadline) =>
        {
            using var encoded = Encode(snapshot.Model, caption.TokenIds, beforeDeadline);
            clock.End(Stages.Encode);
            var allowed = request.Filter is null ? null : snapshot.Metadata.Images(request.Filter);
            var candidates = Shortlist(snapshot.ImageShortlist, encoded.Embedding(0), limits, allowed, beforeDeadline);
            clock.End(Stages.Shortlist);
            var ranked = Reranker.Rerank(snapshot.Model.TextToImage, snapshot.Images, encoded.Records, candidates, deadline, cancellationToken);
            clock.End(Stages.Score);
            var tokens = new QueryTokens(caption.Tokens, caption.UnknownTokens, caption.Truncated);
            return Assemble("images", snapshot, ranked, limits.Top, tokens, clock, (candidate, rank) => ImageHit(snapshot.Index, candidate, rank));
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

        return await OnDeviceAsync(limits, clock, (deadline, beforeDeadline) =>
        {
            var embedding = EmbeddingOf(snapshot.Index.Images, slot);
            var allowed = request.Filter is null ? null : snapshot.Metadata.Captions(request.Filter);
            var candidates = Shortlist(snapshot.CaptionShortlist, embedding, limits, allowed, beforeDeadline);
            clock.End(Stages.Shortlist);
            using var query = snapshot.Images.Row(slot);
            var ranked = Reranker.Rerank(snapshot.Model.ImageToText, snapshot.Captions, query, candidates, deadline, cancellationToken);
            clock.End(Stages.Score);
            return Assemble("captions", snapshot, ranked, limits.Top, null, clock, (candidate, rank) => CaptionHit(snapshot.Index, candidate, rank));
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
        await _device.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var scores = plan.Run(snapshot, clock, cancellationToken);
            metrics.Answered("score", clock.Stages, pairs.Count, null);
            return new ScoreAnswer(scores, snapshot.Model.Label, snapshot.Index.Generation, clock.Stages);
        }
        finally
        {
            _device.Release();
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
        return new ImageDetails(id, [.. captions], Metadata(image), boxes, index.Generation);
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

    /// <summary>
    /// Runs a search when its turn has come. <paramref name="work"/> is given the deadline, and a token for what must be
    /// done before it, on which it also ends when the caller has left.
    /// </summary>
    private async Task<SearchAnswer> OnDeviceAsync(RequestLimits limits, StageClock clock, Func<CancellationToken, CancellationToken, SearchAnswer> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var deadline = limits.DeadlineMs is { } ms ? new CancellationTokenSource(TimeSpan.FromMilliseconds(ms), time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await _device.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                clock.End(Stages.Queue);
                return work(deadline.Token, either.Token);
            }
            finally
            {
                _device.Release();
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
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

    private static Candidate[] Shortlist(ExactShortlist shortlist, ReadOnlyMemory<float> query, RequestLimits limits, SlotBitmap? allowed, CancellationToken cancellationToken)
    {
        var found = shortlist.Find(query, limits.Shortlist, allowed is null ? null : allowed.Contains, cancellationToken);
        return [.. found.Select((hit, i) => new Candidate(hit.Slot, new CoarsePlace(hit.Score, i + 1), null))];
    }

    private SearchAnswer Assemble(
        string kind, SearchSnapshot snapshot, Candidate[] ranked, int top, QueryTokens? tokens, StageClock clock, Func<Candidate, int, SearchHit> hit)
    {
        var hits = ranked.Take(top).Select((candidate, i) => hit(candidate, i + 1)).ToList();
        var reranked = ranked.Count(candidate => candidate.Score is not null);
        var degraded = reranked < ranked.Length ? DegradedReasons.Deadline : null;
        clock.End(Stages.Assemble);
        metrics.Answered(kind, clock.Stages, reranked, degraded);
        return new SearchAnswer(hits, tokens, ranked.Length, reranked, degraded, snapshot.Model.Label, snapshot.Index.Generation, clock.Stages);
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

    private static float[] EmbeddingOf(IndexBank bank, long slot) => MemoryMarshal.Cast<byte, float>(bank.Embedding.Row(slot)).ToArray();
}
