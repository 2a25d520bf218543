namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What a vacuum removed.</summary>
/// <param name="Tombstones">Rows of deleted images.</param>
/// <param name="Runs">Runs.</param>
/// <param name="Rejects">Rejects.</param>
/// <param name="Reindexed">Nearest-neighbour indexes that were rebuilt.</param>
public sealed record CatalogVacuumReport(long Tombstones, long Runs, long Rejects, IReadOnlyList<string> Reindexed);
