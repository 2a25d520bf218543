namespace Retrieval.Storage.Postgres.Following;

/// <summary>A replica's copy of an index, complete as of one epoch.</summary>
/// <param name="Path">Folder of the local index.</param>
/// <param name="IndexId">The index's number in the catalog.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Fingerprint">Fingerprint of its bundle.</param>
/// <param name="Epoch">Number of the last change that the copy contains.</param>
public sealed record FollowedIndex(string Path, int IndexId, string Name, string Fingerprint, long Epoch);
