using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Inference.Tests;

/// <summary>Scoring in few words.</summary>
internal static class Pairs
{
    public static PairScorer Scorer(this MatchingModel model, RecordSide bank) => bank == RecordSide.Image ? model.TextToImage : model.ImageToText;

    public static float[] Score(this PairScorer scorer, RecordTable bank, RecordTable queries, long[] slots, long[] queryIndex)
    {
        var scores = new float[slots.Length];
        Array.Fill(scores, float.NaN);
        scorer.ScorePairs(bank, queries, slots, queryIndex, scores, TestContext.Current.CancellationToken);
        return scores;
    }

    /// <summary>Every pair in a call of its own, <c>[bank, queries]</c>: the score that all other ways must give.</summary>
    public static float[,] ScoreAlone(this PairScorer scorer, RecordTable bank, RecordTable queries)
    {
        var scores = new float[bank.Count, queries.Count];
        for (var slot = 0; slot < bank.Count; slot++)
        {
            using var item = bank.Row(slot);
            for (var query = 0; query < queries.Count; query++)
            {
                using var record = queries.Row(query);
                scores[slot, query] = scorer.Score(item, record, [0], [0])[0];
            }
        }

        return scores;
    }

    public static void Near(float expected, float found, float tolerance, string what) =>
        Assert.True(Math.Abs(expected - found) <= tolerance, $"{what}: {found} is not within {tolerance} of {expected}");
}
