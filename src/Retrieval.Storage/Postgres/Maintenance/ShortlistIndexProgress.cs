namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>How far a build has come.</summary>
/// <param name="Collection"><c>image</c> or <c>caption</c>.</param>
/// <param name="Rows">Rows done.</param>
/// <param name="Total">Rows there are, about.</param>
public sealed record ShortlistIndexProgress(string Collection, long Rows, long Total);
