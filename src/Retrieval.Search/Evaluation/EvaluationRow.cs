using Retrieval.Search.Queries;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one ranking method.</summary>
/// <param name="Ranking"><c>coarse</c>, <c>reranked</c> or <c>full</c>.</param>
/// <param name="Shortlist">Candidates reranked; null where there is no shortlist.</param>
/// <param name="ThroughPgvector">Whether the catalog's nearest-neighbour indexes gave the shortlist; if not, it is exact.</param>
/// <param name="RankBy">The order of the reranked candidates; null for the first stage alone.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record EvaluationRow(
    string Ranking, int? Shortlist, bool ThroughPgvector, RankBy? RankBy, DirectionMeasures ImageToText, DirectionMeasures TextToImage);
