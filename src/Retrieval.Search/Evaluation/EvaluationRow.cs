using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one way to rank.</summary>
/// <param name="Ranking"><c>coarse</c>, <c>reranked</c> or <c>full</c>.</param>
/// <param name="Shortlist">Candidates reranked; null where there is no shortlist.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
/// <param name="TopTenKept">For a shortlist beside a full ranking: shares of queries, in percent, whose best ten by the full ranking are all in the shortlist.</param>
public sealed record EvaluationRow(string Ranking, int? Shortlist, RankSummary ImageToText, RankSummary TextToImage, KeptShare? TopTenKept);
