namespace Retrieval.Search.Evaluation;

/// <summary>What an evaluation computes.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Shortlist sizes to rerank, each at least 1.</summary>
    public IReadOnlyList<int> Shortlists { get; init; } = [50, 100, 200];

    /// <summary>Whether every pair is scored as well. This gives the quality without a first stage, and what a shortlist loses.</summary>
    public bool Full { get; init; } = true;
}
