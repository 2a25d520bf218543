namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>One fault of an index.</summary>
/// <param name="Where">The table, and the image, row or caption in it.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record CatalogFinding(string Where, string Problem);
