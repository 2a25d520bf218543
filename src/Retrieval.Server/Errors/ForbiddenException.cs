using Retrieval.Domain.Errors;

namespace Retrieval.Server.Errors;

/// <summary>The configuration does not allow it. The message is for the caller.</summary>
public sealed class ForbiddenException(string reason) : RetrievalException(reason);
