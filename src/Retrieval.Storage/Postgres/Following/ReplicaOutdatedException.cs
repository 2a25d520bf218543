using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>A copy cannot go on from where it is: what the catalog holds did not come of what the copy has seen, or not in a way that can still be followed.</summary>
internal sealed class ReplicaOutdatedException(string reason) : RetrievalException(reason);
