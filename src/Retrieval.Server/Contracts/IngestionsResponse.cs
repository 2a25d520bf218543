namespace Retrieval.Server.Contracts;

/// <summary>Ingestion runs.</summary>
/// <param name="Ingestions">The latest 100, newest first.</param>
public sealed record IngestionsResponse(IReadOnlyList<IngestionResponse> Ingestions);
