namespace Retrieval.Bench.Queries;

/// <summary>What <see cref="QueryBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Options">With what.</param>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Images">Images in the index.</param>
/// <param name="Captions">Captions in the index.</param>
/// <param name="Kinds">Captions as queries, and images as queries.</param>
internal sealed record QueryReport(Machine Machine, QueryOptions Options, string Model, long Images, long Captions, IReadOnlyList<QueryKindReport> Kinds);
