using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// The catalog answered and refused. Retrying unchanged does not help unless the fault is <see cref="CatalogFault.Busy"/>.
/// </summary>
public sealed class CatalogException(string what, CatalogFault fault, string reason, Exception? innerException = null)
    : RetrievalException($"{what}: {reason}", innerException)
{
    /// <summary>What kind of refusal.</summary>
    public CatalogFault Fault { get; } = fault;
}
