using Retrieval.Domain.Errors;

namespace Retrieval.Search.Snapshots;

/// <summary>There is nothing to answer from yet: the model or the index is still loading, or could not be loaded.</summary>
public sealed class NotReadyException()
    : RetrievalException("the model and the index are not loaded yet");
