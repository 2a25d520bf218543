namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What a check of an index found.</summary>
/// <param name="Images">Live images.</param>
/// <param name="Embeddings">Embeddings of images and captions that were compared with their records.</param>
/// <param name="Findings">What is wrong; of each kind at most <see cref="CatalogVerify.MostOfAKind"/>.</param>
public sealed record CatalogVerification(long Images, long Embeddings, IReadOnlyList<CatalogFinding> Findings);
