using Retrieval.Domain.Bundles;

namespace Retrieval.Domain.Tests.Bundles;

public sealed class ScoreTransformTests
{
    private static readonly float[] Values = [0, 1, -1, 17, -17, 88, -88, 104, -104, 1000, -1000, float.MaxValue, -float.MaxValue];

    [Theory]
    [InlineData(0, 0.5f)]
    [InlineData(1, 0.7310586f)]
    [InlineData(-1, 0.2689414f)]
    [InlineData(5, 0.9933072f)]
    [InlineData(-5, 0.006692851f)]
    [InlineData(10, 0.9999546f)]
    [InlineData(-10, 4.539787e-05f)]
    [InlineData(18, 1)]
    [InlineData(-30, 9.357623e-14f)]
    [InlineData(-88, 6.054601e-39f)]
    [InlineData(-1000, 0)]
    [InlineData(1000, 1)]
    public void The_score_of_a_logit_is_what_torch_gives(float logit, float torch)
    {
        var score = ScoreTransform.Logit.ScoreOf(logit);

        Assert.Equal(torch, score, 1e-7f);
        Assert.True(Math.Abs(score - torch) <= Math.Max(1e-6f * torch, 1e-44f), $"{score} is not near {torch}, as far as float32 tells");
    }

    [Fact]
    public void Scores_are_probabilities_of_every_logit_and_never_fall_as_it_rises()
    {
        var last = 0f;
        for (var logit = -120f; logit <= 120; logit += 0.125f)
        {
            var score = ScoreTransform.Logit.ScoreOf(logit);
            Assert.InRange(score, last, 1);
            Assert.Equal(1, score + ScoreTransform.Logit.ScoreOf(-logit), 1e-7f);
            last = score;
        }

        Assert.All(Values, value => Assert.InRange(ScoreTransform.Logit.ScoreOf(value), 0, 1));
        Assert.True(float.IsNaN(ScoreTransform.Logit.ScoreOf(float.NaN)));
    }

    [Fact]
    public void The_identity_changes_nothing_and_many_are_turned_like_one()
    {
        float[] same = [.. Values, float.NaN];
        ScoreTransform.Identity.ToScores(same);
        Assert.Equal([.. Values, float.NaN], same);

        float[] scores = [.. Values];
        ScoreTransform.Logit.ToScores(scores);
        Assert.Equal(Values.Select(value => ScoreTransform.Logit.ScoreOf(value)), scores);
    }

    [Fact]
    public void The_ranking_value_is_the_transformed_score_and_the_weighted_coarse_one_in_float64()
    {
        Assert.Equal(2.5 + (16.0 * 0.25), new DirectionRanking(16, 20).Value(2.5f, 0.25f));
        Assert.Equal(0.1f, new DirectionRanking(0, 1).Value(0.1f, 1e30f));

        // Float32 does not tell these two apart.
        var ranking = new DirectionRanking(1, 20);
        Assert.True(ranking.Value(1e6f, 0.001f) > ranking.Value(1e6f, 0.0009f));
    }

    [Fact]
    public void A_weight_beyond_all_measure_leaves_the_coarse_order_and_no_infinity()
    {
        var ranking = new DirectionRanking(double.MaxValue, 20);

        Assert.Equal([double.MaxValue, double.MaxValue, 5, -double.MaxValue], [ranking.Value(-3, 16), ranking.Value(3, 2), ranking.Value(5, 0), ranking.Value(9, -16)]);
    }
}
