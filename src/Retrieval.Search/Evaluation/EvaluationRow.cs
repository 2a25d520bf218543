using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one way to rank.</summary>
/// <param name="Ranking"><c>coarse</c>, <c>reranked</c> or <c>full</c>.</param>
/// <param name="Shortlist">Candidates reranked; null where there is no shortlist.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
/// <param name="ShortlistOverlapAt10">For a shortlist beside a full ranking: of the best ten candidates by the full ranking, the share that is in the shortlist, in percent, on average over the queries.</param>
public sealed record EvaluationRow(string Ranking, int? Shortlist, RankSummary ImageToText, RankSummary TextToImage, KeptShare? ShortlistOverlapAt10);
