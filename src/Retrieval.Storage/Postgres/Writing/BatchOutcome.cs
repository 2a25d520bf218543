namespace Retrieval.Storage.Postgres.Writing;

/// <summary>The outcome of a committed batch.</summary>
/// <param name="Epoch">The index's epoch in which its rows become visible.</param>
/// <param name="Inserted">Images with a new id.</param>
/// <param name="Replaced">Images that replaced another version.</param>
/// <param name="Unchanged">Images that the index already held with the same content.</param>
/// <param name="Refused">Images that were refused.</param>
/// <param name="CancelRequested">Whether somebody asked the run to stop.</param>
public sealed record BatchOutcome(long Epoch, int Inserted, int Replaced, int Unchanged, IReadOnlyList<RejectedImage> Refused, bool CancelRequested);
