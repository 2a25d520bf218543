using System.Runtime.InteropServices;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Evaluation;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>What an evaluation of an index must give, in plain code: every pair is scored, and every list is sorted.</summary>
internal sealed class IndexOracle
{
    private readonly RankingSpec? _ranking;

    public IndexOracle(MatchingModel model, LocalIndex index)
    {
        _ranking = model.Manifest.Ranking;
        Images = [.. Enumerable.Range(0, (int)index.Images.Slots).Where(slot => index.Images.IsLive(slot))];
        Captions = [.. Enumerable.Range(0, (int)index.Captions.Slots).Where(slot => index.Captions.IsLive(slot))];
        ImageOf = Captions.ToDictionary(caption => caption, caption => (int)index.GetCaption(caption).ImageSlot);
        using var images = FeatureBank.Open(model, RecordSide.Image, IndexBinding.RecordsOf(index.Images));
        using var captions = FeatureBank.Open(model, RecordSide.Caption, IndexBinding.RecordsOf(index.Captions));
        foreach (var caption in Captions)
        {
            foreach (var image in Images)
            {
                TextToImage[(caption, image)] = Score(model.TextToImage, images.Records, captions.Records, image, caption);
                ImageToText[(caption, image)] = Score(model.ImageToText, captions.Records, images.Records, caption, image);
                Coarse[(caption, image)] = (float)Embedding(index.Images, image).Zip(Embedding(index.Captions, caption)).Sum(pair => (double)pair.First * pair.Second);
            }
        }
    }

    /// <summary>Slots of the live images.</summary>
    public int[] Images { get; }

    /// <summary>Slots of the live captions.</summary>
    public int[] Captions { get; }

    /// <summary>The image of each caption, by slot.</summary>
    public Dictionary<int, int> ImageOf { get; }

    /// <summary>t(score) by caption and image.</summary>
    public Dictionary<(int, int), float> TextToImage { get; } = [];

    /// <summary>t(score) by caption and image.</summary>
    public Dictionary<(int, int), float> ImageToText { get; } = [];

    /// <summary>Inner products, by caption and image.</summary>
    public Dictionary<(int, int), float> Coarse { get; } = [];

    /// <summary>A row for captions as queries.</summary>
    /// <param name="queries">Slots of the queries.</param>
    /// <param name="order">What the row is ordered by; null for the first stage.</param>
    /// <param name="shortlist">The shortlist of a query, given all candidates in coarse order; null for the full ranking.</param>
    /// <param name="full">Whether the query is also scored with every candidate.</param>
    public DirectionMeasures OfText(IReadOnlyList<int> queries, RankBy? order, Func<int, int[], int[]>? shortlist, bool full) =>
        Measures(queries, Images, order, _ranking?.TextToImage, (caption, image) => (caption, image), TextToImage, TextToImage, (caption, image) => ImageOf[caption] == image, shortlist, full);

    /// <summary>A row for images as queries.</summary>
    /// <inheritdoc cref="OfText"/>
    public DirectionMeasures OfImages(IReadOnlyList<int> queries, RankBy? order, Func<int, int[], int[]>? shortlist, bool full, bool onePass = false) =>
        Measures(queries, Captions, order, _ranking?.ImageToText, (image, caption) => (caption, image), ImageToText, onePass ? TextToImage : ImageToText, (image, caption) => ImageOf[caption] == image, shortlist, full);

    private DirectionMeasures Measures(
        IReadOnlyList<int> queries,
        int[] candidates,
        RankBy? order,
        DirectionRanking? ranking,
        Func<int, int, (int, int)> pair,
        Dictionary<(int, int), float> scores,
        Dictionary<(int, int), float> scoresOfAll,
        Func<int, int, bool> isTarget,
        Func<int, int[], int[]>? shortlist,
        bool full)
    {
        var ranks = new List<int>();
        var fullRanks = new List<int>();
        var (inside, whole, mean) = (0, 0, 0.0);
        foreach (var query in queries)
        {
            double Value(Dictionary<(int, int), float> of, int candidate) => order switch
            {
                null => Coarse[pair(query, candidate)],
                RankBy.Both when ranking is not null => of[pair(query, candidate)] + (ranking.CoarseWeight * Coarse[pair(query, candidate)]),
                _ => of[pair(query, candidate)],
            };
            int Rank(Dictionary<(int, int), float> of, int[] listed)
            {
                var targets = listed.Where(candidate => isTarget(query, candidate)).ToArray();
                return targets.Length == 0 ? RecallMetrics.NotRanked : listed.Count(candidate => !isTarget(query, candidate) && Value(of, candidate) >= targets.Max(target => Value(of, target)));
            }

            int[] inOrder = [.. candidates.OrderByDescending(candidate => Coarse[pair(query, candidate)]).ThenBy(candidate => candidate)];
            var listed = shortlist?.Invoke(query, inOrder) ?? inOrder;
            int[] best = [.. inOrder.OrderByDescending(candidate => Value(scoresOfAll, candidate)).Take(10)];
            ranks.Add(Rank(shortlist is null ? scoresOfAll : scores, listed));
            fullRanks.Add(Rank(scoresOfAll, inOrder));
            inside += listed.Any(candidate => isTarget(query, candidate)) ? 1 : 0;
            whole += best.All(listed.Contains) ? 1 : 0;
            mean += (double)best.Count(listed.Contains) / best.Length;
        }

        var summary = RecallMetrics.FromRanks([.. ranks], candidates.Length);
        return new DirectionMeasures(summary)
        {
            OwnInside = shortlist is null ? null : 100.0 * inside / queries.Count,
            OverlapAt10 = shortlist is null || !full ? null : new TopTenOverlap(100.0 * whole / queries.Count, 100 * mean / queries.Count),
            LossAt1 = shortlist is null || !full ? null : RecallMetrics.FromRanks([.. fullRanks], candidates.Length).RecallAt1 - summary.RecallAt1,
        };
    }

    private static float Score(PairScorer scorer, RecordTable bank, RecordTable queries, long slot, long query)
    {
        var transformed = new float[1];
        scorer.TransformedScores(bank, queries, [slot], [query], transformed);
        return transformed[0];
    }

    private static float[] Embedding(IndexBank bank, int slot) => MemoryMarshal.Cast<byte, float>(bank.Embedding.Row(slot)).ToArray();
}
