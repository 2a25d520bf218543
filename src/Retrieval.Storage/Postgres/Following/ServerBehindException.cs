using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// A standby has not reached what the copy has seen on another server. It may still do so, or another server may answer next
/// time.
/// </summary>
internal sealed class ServerBehindException(string reason) : RetrievalException(reason);
