namespace Retrieval.Storage.Postgres.Writing;

/// <summary>An image that was not stored. It is already among the rejects.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Owner">Key of the source that owns the id; null if Postgres cannot hold the image as it is.</param>
/// <param name="Reason">The reason, for people.</param>
public sealed record RejectedImage(string Id, string? Owner, string Reason);
