using Retrieval.Domain.Errors;

namespace Retrieval.Server.Errors;

/// <summary>Something already running prevents this. The message is for the caller.</summary>
public sealed class ConflictException(string reason) : RetrievalException(reason);
