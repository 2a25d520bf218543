namespace Retrieval.Storage.Postgres.Following;

/// <summary>How far the copying of an index has come.</summary>
/// <param name="Index">Its name.</param>
/// <param name="Rows">Images of this index that are here, tombstones included.</param>
/// <param name="TotalRows">Images there were when copying began or went on.</param>
/// <param name="Bytes">Bytes fetched since copying began or went on.</param>
public sealed record HydrationProgress(string Index, long Rows, long TotalRows, long Bytes);
