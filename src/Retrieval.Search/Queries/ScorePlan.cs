using Retrieval.Domain.Errors;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>
/// The pairs of a score request sorted into what the scorers take: pairs with a caption's text, whose captions are
/// encoded once each and together, and pairs with an indexed caption, whose records are already there.
/// </summary>
internal sealed class ScorePlan
{
    private const int CaptionsPerBatch = 64;
    private readonly List<long[]> _captions = [];
    private readonly List<(int Pair, long ImageSlot, int Caption)> _byText = [];
    private readonly List<(int Pair, long ImageSlot, long CaptionSlot)> _byId = [];
    private int _count;

    /// <exception cref="InvalidInputException">A pair names neither or both kinds of caption, or its text is invalid.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    public static ScorePlan Of(IReadOnlyList<ScorePair> pairs, SearchSnapshot snapshot)
    {
        var plan = new ScorePlan { _count = pairs.Count };
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < pairs.Count; i++)
        {
            var slot = SearchService.ImageSlot(snapshot.Index, pairs[i].ImageId);
            switch (pairs[i])
            {
                case { Caption: { } text, CaptionId: null }:
                    if (!known.TryGetValue(text, out var caption))
                    {
                        known[text] = caption = plan._captions.Count;
                        plan._captions.Add(SearchService.Tokenize(snapshot.Model.Captions, text, $"pairs[{i}].caption").TokenIds);
                    }

                    plan._byText.Add((i, slot, caption));
                    break;
                case { Caption: null, CaptionId: { } id }:
                    plan._byId.Add((i, slot, CaptionSlot(snapshot, id)));
                    break;
                default:
                    throw new InvalidInputException("expected exactly one of caption and captionId", field: $"pairs[{i}]");
            }
        }

        return plan;
    }

    /// <summary>Scores all pairs, in the order of the request.</summary>
    public float[] Run(SearchSnapshot snapshot, StageClock clock, CancellationToken cancellationToken)
    {
        var result = new float[_count];
        clock.End(Stages.Queue);
        for (var first = 0; first < _captions.Count; first += CaptionsPerBatch)
        {
            var captions = _captions.GetRange(first, Math.Min(CaptionsPerBatch, _captions.Count - first));
            using var encoded = snapshot.Model.TextEncoder.Encode(captions, cancellationToken);
            foreach (var group in _byText.Where(pair => pair.Caption >= first && pair.Caption < first + captions.Count).GroupBy(pair => pair.Caption))
            {
                using var query = encoded.Records.Row(group.Key - first);
                Score(snapshot.Model.TextToImage, snapshot.Images, query, [.. group.Select(pair => (pair.Pair, pair.ImageSlot))], result, cancellationToken);
            }
        }

        // The bank of images is also a table of queries: each pair names its image as the query and its caption as the slot.
        foreach (var group in _byId.GroupBy(pair => pair.ImageSlot))
        {
            using var query = snapshot.Images.Row(group.Key);
            Score(snapshot.Model.ImageToText, snapshot.Captions, query, [.. group.Select(pair => (pair.Pair, pair.CaptionSlot))], result, cancellationToken);
        }

        clock.End(Stages.Score);
        return result;
    }

    // One query a call: a scorer projects every query it is given in every call, needed or not.
    private static void Score(PairScorer scorer, RecordTable bank, RecordTable query, (int Pair, long Slot)[] pairs, float[] result, CancellationToken cancellationToken)
    {
        var scores = new float[pairs.Length];
        scorer.ScorePairs(bank, query, Array.ConvertAll(pairs, pair => pair.Slot), new long[pairs.Length], scores, cancellationToken);
        for (var i = 0; i < pairs.Length; i++)
        {
            result[pairs[i].Pair] = scores[i];
        }
    }

    private static long CaptionSlot(SearchSnapshot snapshot, string id)
    {
        var (imageId, position) = CaptionId.Parse(id);
        if (!snapshot.Index.TryGetImageSlot(imageId, out var slot))
        {
            throw new NotFoundException("caption", id);
        }

        var image = snapshot.Index.GetImage(slot);
        return position < image.CaptionCount ? image.FirstCaption + position : throw new NotFoundException("caption", id);
    }
}
