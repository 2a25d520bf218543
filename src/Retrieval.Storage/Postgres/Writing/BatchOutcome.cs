namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What became of a batch that is committed.</summary>
/// <param name="Epoch">The index's epoch with which its rows are seen.</param>
/// <param name="Inserted">Images with a new id.</param>
/// <param name="Replaced">Images that took the place of another version.</param>
/// <param name="Unchanged">Images the index held already, with the same content.</param>
/// <param name="Refused">Images that were not taken.</param>
/// <param name="CancelRequested">Whether somebody asked the run to stop.</param>
public sealed record BatchOutcome(long Epoch, int Inserted, int Replaced, int Unchanged, IReadOnlyList<RejectedImage> Refused, bool CancelRequested);
