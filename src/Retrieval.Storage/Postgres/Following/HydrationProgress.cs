namespace Retrieval.Storage.Postgres.Following;

/// <summary>Progress of copying an index.</summary>
/// <param name="Index">Its name.</param>
/// <param name="Rows">Images of this index copied so far, tombstones and former versions included.</param>
/// <param name="TotalRows">Total number of images, by Postgres' estimate until all are here.</param>
/// <param name="Bytes">Bytes fetched since copying began or resumed.</param>
public sealed record HydrationProgress(string Index, long Rows, long TotalRows, long Bytes);
