namespace Retrieval.Storage.Postgres.Following;

/// <summary>How far the copying of an index has come.</summary>
/// <param name="Index">Its name.</param>
/// <param name="Rows">Images of this index that are here, tombstones and former versions included.</param>
/// <param name="TotalRows">Images there are, by Postgres' estimate until all are here.</param>
/// <param name="Bytes">Bytes fetched since copying began or went on.</param>
public sealed record HydrationProgress(string Index, long Rows, long TotalRows, long Bytes);
