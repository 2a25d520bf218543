using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// The catalog cannot be used now and may be later: it is down, restarting, frozen, out of connections or not to be reached,
/// or it does not accept the password, which may be one that is being changed.
/// </summary>
public sealed class CatalogUnavailableException(string what, Exception innerException)
    : RetrievalException($"{what}: {Saying(innerException)}: {innerException.Message}", innerException)
{
    /// <summary>Whether Postgres answered and did not accept the role's password, or got none.</summary>
    public bool SignInRefused { get; } = innerException is SignInRefusedException;

    private static string Saying(Exception cause) => cause is SignInRefusedException ? "Postgres refuses the sign-in" : "Postgres does not answer";
}
