namespace Retrieval.Search.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Stage"><c>encode</c>, <c>every pair</c>, <c>text to image</c> or <c>image to text</c>; of a fold with its name before.</param>
/// <param name="Done">Completed share of the stage, 0 to 1.</param>
/// <param name="Plan">What will be computed; null while a split is being encoded.</param>
/// <param name="PairsScored">Pairs scored so far.</param>
/// <param name="Elapsed">Time since the first pair was to be scored, or since the encoding began.</param>
public sealed record EvaluationProgress(string Stage, double Done, EvaluationPlan? Plan, long PairsScored, TimeSpan Elapsed)
{
    /// <summary>Completed share of all pairs, 0 to 1; of the stage while there are no pairs to score.</summary>
    public double Share => Plan is { Pairs: > 0 and var planned } ? Math.Min(1, (double)PairsScored / planned) : Done;

    /// <summary>Pairs scored per second so far, with everything between them; 0 before the first.</summary>
    public double PairsPerSecond => Elapsed > TimeSpan.Zero ? PairsScored / Elapsed.TotalSeconds : 0;

    /// <summary>Estimated time to the end at this rate; null if there is no rate yet.</summary>
    public TimeSpan? Remaining =>
        Plan is { } plan ? (PairsPerSecond > 0 ? TimeSpan.FromSeconds(Math.Max(0, plan.Pairs - PairsScored) / PairsPerSecond) : null)
        : Done > 0 && Elapsed > TimeSpan.Zero ? Elapsed * ((1 - Done) / Done)
        : null;
}
