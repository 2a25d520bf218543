namespace Retrieval.Search.Explaining;

/// <summary>What the first stage gives of a pair.</summary>
/// <param name="Score">Inner product of the coarse embeddings.</param>
public sealed record CoarseScore(float Score);
