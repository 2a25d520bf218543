using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The deadline passed before there was anything to answer with.</summary>
public sealed class DeadlineExceededException(int deadlineMs)
    : RetrievalException($"the deadline of {deadlineMs} ms passed before the first stage was done")
{
    /// <summary>The request's deadline in milliseconds.</summary>
    public int DeadlineMs { get; } = deadlineMs;
}
