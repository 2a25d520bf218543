using System.Numerics.Tensors;
using System.Text;
using System.Text.Json;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Domain.Text;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Explaining;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Explaining;

/// <summary>One pair as it passes through the stages: both sides are looked up or encoded, then explained.</summary>
/// <param name="snapshot">What is served.</param>
/// <param name="batcher">Its explainer.</param>
/// <param name="device">The device.</param>
/// <param name="work">Limits for the work that is queued.</param>
/// <param name="clock">Measures the stages.</param>
internal sealed class ExplainRun(SearchSnapshot snapshot, SingleBatcher<ExplainItem> batcher, WorkScheduler device, WorkLimits work, StageClock clock)
{
    private readonly StoredTexts _texts = new(snapshot.Index);

    /// <inheritdoc cref="ExplainService.ExplainAsync"/>
    public async Task<PairExplanation> RunAsync(ExplainQuery query)
    {
        // Everything that the caller can have wrong fails here, before the device is asked for anything.
        query.Features?.Require(snapshot.Model.Manifest);
        var imageSlot = query.ImageId is { } id ? SearchService.ImageSlot(snapshot.Index, id) : (long?)null;
        var captionSlot = query.CaptionId is { } captionId ? SearchService.CaptionSlot(snapshot.Index, captionId) : (long?)null;
        var text = captionSlot is { } slot ? TextOf(slot) : query.Caption!;
        var tokens = captionSlot is { } stored ? TokensOf(text, stored) : SearchService.Tokenize(snapshot.Model.Captions, text, "caption");
        clock.End(StageNames.Tokenize);

        using var image = imageSlot is { } row ? Stored(RecordSide.Image, row) : await EncodeAsync(query.Features!).ConfigureAwait(false);
        using var caption = captionSlot is { } of ? Stored(RecordSide.Caption, of) : await EncodeAsync(tokens).ConfigureAwait(false);
        RequireLength(caption.Record, tokens, captionSlot);
        var item = new ExplainItem(batcher, image.Record, caption.Record, work);
        var explained = await device.RunAsync(item).ConfigureAwait(false);
        clock.EndQueued(StageNames.Explain, item.Computing);
        RequireFinite(explained);
        return Answer(
            new ExplainedImage(query.ImageId, imageSlot is { } boxed ? BoxesOf(boxed) : null, imageSlot is { } sized ? PictureSize.Of(MetadataOf(sized)) : null),
            new ExplainedCaption(query.CaptionId, text, WithEnds(tokens), tokens.UnknownTokens, tokens.Truncated),
            explained,
            TensorPrimitives.Dot(image.Embedding.Span, caption.Embedding.Span));
    }

    private PairExplanation Answer(ExplainedImage image, ExplainedCaption caption, Explanation explained, float coarse)
    {
        var manifest = snapshot.Model.Manifest;
        return new PairExplanation(
            image,
            caption,
            manifest.Transform.ScoreOf(explained.Transformed),
            new CoarseScore(coarse),
            PairRankingScores.Of(manifest.Ranking, explained.Transformed, coarse),
            [.. explained.Outputs.Select(ExplainedValues.Of)],
            snapshot.IsDamaged ? DegradedReasons.Damaged : null,
            snapshot.Model.Label,
            snapshot.Name,
            snapshot.Epoch);
    }

    private PairSide Stored(RecordSide side, long slot)
    {
        var bank = side == RecordSide.Image ? snapshot.Index.Images : snapshot.Index.Captions;
        var embedding = QueryItems.EmbeddingOf(snapshot.Index, bank, slot);
        var record = QueryItems.RecordOf(snapshot, side, slot);
        return new PairSide(record, embedding, record);
    }

    private async Task<PairSide> EncodeAsync(TokenizedCaption tokens)
    {
        var encoded = await QueryItems.EncodeAsync(snapshot, device, tokens.TokenIds, work, clock).ConfigureAwait(false);
        return new PairSide(encoded.Record, encoded.Embedding, encoded);
    }

    private async Task<PairSide> EncodeAsync(ImageFeatures features)
    {
        var encoded = await QueryItems.EncodeAsync(snapshot, device, features, work, clock).ConfigureAwait(false);
        return new PairSide(encoded.Records, encoded.Embedding(0), encoded);
    }

    // It was checked when it was stored.
    private TokenizedCaption TokensOf(string text, long slot)
    {
        try
        {
            return snapshot.Model.Captions.Encode(text);
        }
        catch (InvalidInputException exception)
        {
            throw Damaged(slot, exception.Reason);
        }
    }

    private string TextOf(long slot)
    {
        _texts.RequireCaption(slot);
        return Encoding.UTF8.GetString(_texts.Text(slot));
    }

    private IReadOnlyList<float[]>? BoxesOf(long slot)
    {
        _texts.RequireBoxes(slot);
        return _texts.BoxList(slot);
    }

    private JsonElement? MetadataOf(long slot)
    {
        _texts.RequireImage(slot);
        return SearchAnswer.MetadataOf(_texts, slot);
    }

    private string[] WithEnds(TokenizedCaption tokens) =>
        [snapshot.Model.Manifest.Tokens.Start, .. tokens.Tokens, snapshot.Model.Manifest.Tokens.End];

    // Each place of an axis of words is shown with its token.
    private void RequireLength(RecordTable caption, TokenizedCaption tokens, long? slot)
    {
        var lengths = caption.Lengths;
        if (!lengths.IsEmpty && lengths[0] != tokens.TokenIds.Length)
        {
            throw Damaged(slot ?? 0, $"has {tokens.TokenIds.Length} tokens, its record {lengths[0]}");
        }
    }

    private IndexCorruptException Damaged(long slot, string reason) =>
        new(snapshot.Index.Path, $"{snapshot.Index.Captions.Name}/text", $"row {slot}: {reason}");

    // Both records are finite, so the graph is the cause.
    private void RequireFinite(Explanation explained)
    {
        var graph = snapshot.Model.Explainer!.Name;
        if (!float.IsFinite(explained.Transformed))
        {
            throw new InferenceException(graph, "gave a score that is not finite");
        }

        if (explained.Outputs.FirstOrDefault(output => !Finite.All(output.Values)) is { } output)
        {
            throw new InferenceException(graph, $"gave a value of '{output.Spec.Name}' that is not finite");
        }
    }
}
