namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>A query that returns no row if all is well.</summary>
/// <param name="Table">The table that is checked.</param>
/// <param name="Problem">What a returned row means.</param>
/// <param name="Sql">$1: index. Returns the location, and details of the problem in an optional second column.</param>
internal sealed record CatalogStructureCheck(string Table, string Problem, string Sql);
