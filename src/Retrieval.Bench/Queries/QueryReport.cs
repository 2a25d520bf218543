namespace Retrieval.Bench.Queries;

/// <summary>Results of <see cref="QueryBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Options">The options.</param>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Images">Images in the index.</param>
/// <param name="Captions">Captions in the index.</param>
/// <param name="Kinds">Captions as queries, and images as queries.</param>
internal sealed record QueryReport(Machine Machine, QueryOptions Options, string Model, long Images, long Captions, IReadOnlyList<QueryKindReport> Kinds);
