namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>A question to which the right answer is no row.</summary>
/// <param name="Table">What it is about.</param>
/// <param name="Problem">What a row of the answer means.</param>
/// <param name="Sql">$1: index. Gives where, and in a second column, if it has one, more on the problem.</param>
internal sealed record CatalogStructureCheck(string Table, string Problem, string Sql);
