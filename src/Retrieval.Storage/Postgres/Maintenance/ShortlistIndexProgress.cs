namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>Progress of a build.</summary>
/// <param name="Collection"><c>image</c> or <c>caption</c>.</param>
/// <param name="Rows">Rows done.</param>
/// <param name="Total">Approximate number of rows.</param>
/// <param name="WithoutWorkers">Whether the build was begun again without parallel workers, since Postgres had too little shared
/// memory for them.</param>
public sealed record ShortlistIndexProgress(string Collection, long Rows, long Total, bool WithoutWorkers = false);
