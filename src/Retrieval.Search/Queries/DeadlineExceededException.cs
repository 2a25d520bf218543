using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The deadline passed before there was a shortlist, or an explanation, so there is nothing to answer with.</summary>
/// <param name="deadline">The request's deadline; the message repeats the number that the caller gave.</param>
public sealed class DeadlineExceededException(Deadline deadline)
    : RetrievalException($"the deadline of {deadline.AskedMs} ms passed before there was anything to answer with");
