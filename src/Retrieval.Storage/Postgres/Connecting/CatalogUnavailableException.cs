using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>The catalog does not answer: down, restarting, frozen, out of connections, or not to be reached. It may again.</summary>
public sealed class CatalogUnavailableException(string what, Exception innerException)
    : RetrievalException($"{what}: Postgres does not answer: {innerException.Message}", innerException);
