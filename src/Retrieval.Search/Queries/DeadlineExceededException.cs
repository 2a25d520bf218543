using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The deadline passed before there was anything to answer with.</summary>
/// <param name="deadline">The request's deadline; the message repeats the number that the caller gave.</param>
/// <param name="lacking">What there was not yet.</param>
public sealed class DeadlineExceededException(Deadline deadline, string lacking = "a shortlist")
    : RetrievalException($"the deadline of {deadline.AskedMs} ms passed before there was {lacking} to answer with");
