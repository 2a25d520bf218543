using Retrieval.Server.Access.Tokens;

namespace Retrieval.Server.Access;

/// <summary>Why a caller is not known. A feature of the request, from the check to the answer. The text is for the caller; it says nothing about keys that there are.</summary>
/// <param name="Reason">Its label in metrics.</param>
/// <param name="Detail">What was wrong and what was expected.</param>
/// <param name="Status">401, or 503 when it is not the caller's fault.</param>
internal sealed record AccessRefusal(string Reason, string Detail, int Status = 401)
{
    /// <summary>When the same request may be answered; null for the usual time, where it may be at all.</summary>
    public int? RetryAfterSeconds { get; private init; }

    /// <summary>The label of a caller whose role does not suffice.</summary>
    public const string Role = "role";

    private const string MissingReason = "missing";
    private const string MalformedReason = "malformed";
    private const string UnknownReason = "unknown";
    private const string ExpiredReason = "expired";
    private const string InvalidTokenReason = "token";
    private const string NoKeySetReason = "keyset";

    /// <summary>All labels.</summary>
    public static string[] Reasons { get; } = [MissingReason, MalformedReason, UnknownReason, ExpiredReason, InvalidTokenReason, NoKeySetReason, Role];

    public static AccessRefusal Missing { get; } = new(MissingReason, $"expected a key, in the header {Credential.Header} or as Authorization: Bearer");

    public static AccessRefusal Unknown { get; } = new(UnknownReason, "the key is not one of this server's, or was revoked");

    public static AccessRefusal Expired { get; } = new(ExpiredReason, "the key has expired");

    public static AccessRefusal ExpiredToken { get; } = new(ExpiredReason, "the token has expired, or is not valid yet");

    public static AccessRefusal NoKeySet { get; } = new(NoKeySetReason, "the public keys of the issuer of tokens cannot be read, so that no token can be checked; try again later", 503) { RetryAfterSeconds = (int)KeySet.TryAgain.TotalSeconds };

    public static AccessRefusal Malformed(string detail) => new(MalformedReason, detail);

    public static AccessRefusal InvalidToken(string what) => new(InvalidTokenReason, $"the token is not valid here: {what}");
}
