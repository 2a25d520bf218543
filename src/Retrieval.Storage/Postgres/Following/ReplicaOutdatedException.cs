using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// A copy cannot resume from its position: the catalog's state does not descend from what the copy has seen, or cannot be
/// followed any more.
/// </summary>
internal sealed class ReplicaOutdatedException(string reason) : RetrievalException(reason);
