using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The deadline passed before there was a shortlist, and so anything to answer with.</summary>
public sealed class DeadlineExceededException(int deadlineMs)
    : RetrievalException($"the deadline of {deadlineMs} ms passed before there was a shortlist to answer with")
{
    /// <summary>The request's deadline in milliseconds.</summary>
    public int DeadlineMs { get; } = deadlineMs;
}
