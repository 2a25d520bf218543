using Retrieval.Domain.Errors;

namespace Retrieval.Bench.Load;

/// <summary>The server cannot be measured: it does not answer, is not ready, or supplies no queries.</summary>
internal sealed class LoadException(Uri server, string reason, Exception? innerException = null)
    : RetrievalException($"{server}: {reason}", innerException);
