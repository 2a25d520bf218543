using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>A standby has not come to what the copy has seen on another server; it may, or another server answers next time.</summary>
internal sealed class ServerBehindException(string reason) : RetrievalException(reason);
