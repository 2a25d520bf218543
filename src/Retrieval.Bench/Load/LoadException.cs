using Retrieval.Domain.Errors;

namespace Retrieval.Bench.Load;

/// <summary>A server that cannot be measured: it does not answer, is not ready, or gives nothing to ask with.</summary>
internal sealed class LoadException(Uri server, string reason, Exception? innerException = null)
    : RetrievalException($"{server}: {reason}", innerException);
