namespace Retrieval.Search.Evaluation;

/// <summary>Quality of a model on a split, stage by stage.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Images">Images ranked.</param>
/// <param name="Captions">Captions ranked.</param>
/// <param name="Rows">The first stage alone, each shortlist reranked, and every pair scored.</param>
/// <param name="PairsScored">Pairs that the matching model scored.</param>
/// <param name="ScoringTime">Time spent on scoring them.</param>
public sealed record EvaluationReport(string Model, long Images, long Captions, IReadOnlyList<EvaluationRow> Rows, long PairsScored, TimeSpan ScoringTime);
