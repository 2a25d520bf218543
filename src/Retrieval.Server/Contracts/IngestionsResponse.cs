namespace Retrieval.Server.Contracts;

/// <summary>Runs of the ingestion.</summary>
/// <param name="Ingestions">The latest 100, newest first.</param>
public sealed record IngestionsResponse(IReadOnlyList<IngestionResponse> Ingestions);
