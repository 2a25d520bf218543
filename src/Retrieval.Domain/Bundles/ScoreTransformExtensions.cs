namespace Retrieval.Domain.Bundles;

/// <summary>Names of transforms, and the way back from a transformed score to the score.</summary>
public static class ScoreTransformExtensions
{
    /// <summary>The name a bundle uses for the transform, e.g. <c>logit</c>.</summary>
    public static string ToName(this ScoreTransform transform) => transform switch
    {
        ScoreTransform.Identity => "identity",
        ScoreTransform.Logit => "logit",
        _ => throw new ArgumentOutOfRangeException(nameof(transform), transform, "unknown transform"),
    };

    /// <summary>The score of a transformed score: of a logit, 1 / (1 + e^-logit). NaN stays NaN.</summary>
    public static float ScoreOf(this ScoreTransform transform, float transformed) => transform switch
    {
        ScoreTransform.Identity => transformed,

        // In float64 neither tail loses digits that float32 has: e^-x only becomes infinite where the score is below every float32.
        ScoreTransform.Logit => (float)(1 / (1 + Math.Exp(-(double)transformed))),
        _ => throw new ArgumentOutOfRangeException(nameof(transform), transform, "unknown transform"),
    };

    /// <summary>Turns transformed scores into scores, in place.</summary>
    public static void ToScores(this ScoreTransform transform, Span<float> values)
    {
        if (transform == ScoreTransform.Identity)
        {
            return;
        }

        foreach (ref var value in values)
        {
            value = transform.ScoreOf(value);
        }
    }
}
