using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// The catalog is unavailable now and may recover: it is down, restarting, frozen, out of connections or unreachable, or it
/// rejects the password, which may be in the middle of a change.
/// </summary>
public sealed class CatalogUnavailableException(string what, Exception innerException)
    : RetrievalException($"{what}: {Saying(innerException)}: {innerException.Message}", innerException)
{
    /// <summary>Whether Postgres answered but rejected the role's password or received none.</summary>
    public bool SignInRefused { get; } = innerException is SignInRefusedException;

    private static string Saying(Exception cause) => cause is SignInRefusedException ? "Postgres refuses the sign-in" : "Postgres does not answer";
}
