namespace Retrieval.Storage.Postgres.Writing;

/// <summary>A row of a source that was not stored.</summary>
/// <param name="Source">The file at fault, or the source's name.</param>
/// <param name="Row">Its row in that file or source.</param>
/// <param name="Id">The image's id, if the row has one.</param>
/// <param name="Reason">What was wrong with it.</param>
public sealed record CatalogReject(string Source, long Row, string? Id, string Reason);
