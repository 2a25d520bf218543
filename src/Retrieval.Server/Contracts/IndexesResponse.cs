namespace Retrieval.Server.Contracts;

/// <summary>Indexes.</summary>
/// <param name="Indexes">In the order of their creation.</param>
public sealed record IndexesResponse(IReadOnlyList<IndexResponse> Indexes);
