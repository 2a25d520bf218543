using Retrieval.Domain.Errors;

namespace Retrieval.Server.Errors;

/// <summary>Something that is going on is in the way. The message is for the caller.</summary>
public sealed class ConflictException(string reason) : RetrievalException(reason);
