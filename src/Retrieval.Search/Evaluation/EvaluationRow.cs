using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one ranking method.</summary>
/// <param name="Ranking"><c>coarse</c>, <c>reranked</c> or <c>full</c>.</param>
/// <param name="Shortlist">Candidates reranked; null where there is no shortlist.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
/// <param name="ShortlistOverlapAt10">For a shortlist, if there is a full ranking: how much of its top ten the shortlist has.</param>
public sealed record EvaluationRow(string Ranking, int? Shortlist, RankSummary ImageToText, RankSummary TextToImage, ShortlistOverlap? ShortlistOverlapAt10);
