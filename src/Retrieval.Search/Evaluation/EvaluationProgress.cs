namespace Retrieval.Search.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Stage"><c>encode</c>, <c>every pair</c>, <c>text to image</c> or <c>image to text</c>.</param>
/// <param name="Done">Completed share of the stage, 0 to 1.</param>
/// <param name="Plan">What will be computed; null while a split is being encoded.</param>
/// <param name="PairsScored">Pairs scored so far.</param>
/// <param name="Elapsed">Time since the first pair was to be scored.</param>
public sealed record EvaluationProgress(string Stage, double Done, EvaluationPlan? Plan, long PairsScored, TimeSpan Elapsed)
{
    /// <summary>Pairs scored per second so far, with everything between them; 0 before the first.</summary>
    public double PairsPerSecond => Elapsed > TimeSpan.Zero ? PairsScored / Elapsed.TotalSeconds : 0;

    /// <summary>Estimated time to the end at this rate; null if there is no rate yet or nothing to score.</summary>
    public TimeSpan? Remaining => Plan is { Pairs: var planned } && PairsPerSecond > 0
        ? TimeSpan.FromSeconds(Math.Max(0, planned - PairsScored) / PairsPerSecond)
        : null;
}
