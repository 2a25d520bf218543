namespace Retrieval.Search.Queries;

/// <summary>A candidate on its way through the stages.</summary>
/// <param name="Slot">Its row in the bank.</param>
/// <param name="Coarse">Where the first stage saw it.</param>
/// <param name="Score">The matching model's score; null if it was not reranked.</param>
internal readonly record struct Candidate(long Slot, CoarsePlace Coarse, float? Score);
