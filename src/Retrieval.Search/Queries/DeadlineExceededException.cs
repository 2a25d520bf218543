using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The deadline passed before there was a shortlist, and so anything to answer with.</summary>
/// <param name="deadline">The request's deadline; the message tells the caller the number that he gave.</param>
public sealed class DeadlineExceededException(Deadline deadline)
    : RetrievalException($"the deadline of {deadline.AskedMs} ms passed before there was a shortlist to answer with");
