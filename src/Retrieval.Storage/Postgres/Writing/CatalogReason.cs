namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Rejects of one run that have one reason, but for the numbers and names in it.</summary>
/// <param name="Count">How many.</param>
/// <param name="First">The first of them.</param>
public sealed record CatalogReason(long Count, CatalogReject First);
