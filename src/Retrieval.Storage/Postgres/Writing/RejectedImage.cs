namespace Retrieval.Storage.Postgres.Writing;

/// <summary>An image that was not taken. It is among the rejects already.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Owner">Key of the source that has the id; null if Postgres cannot hold the image as it is.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record RejectedImage(string Id, string? Owner, string Reason);
