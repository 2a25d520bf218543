namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>The result of checking an index.</summary>
/// <param name="Images">Live images.</param>
/// <param name="Embeddings">Embeddings of images and captions that were compared with their records.</param>
/// <param name="Findings">The faults found; of each kind at most <see cref="CatalogVerify.MostOfAKind"/>.</param>
public sealed record CatalogVerification(long Images, long Embeddings, IReadOnlyList<CatalogFinding> Findings);
