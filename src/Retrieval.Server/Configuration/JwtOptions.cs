using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>Tokens of an identity provider (JWT, RFC 7519), accepted beside keys as <c>Authorization: Bearer</c>.</summary>
public sealed record JwtOptions
{
    /// <summary>
    /// The issuer's public keys, a JSON Web Key Set (RFC 7517): the full path of a file, or an <c>https</c> address, or an
    /// <c>http</c> one of this machine. Empty: no tokens are accepted.
    /// </summary>
    public string KeySet { get; init; } = "";

    /// <summary>What a token's <c>iss</c> has to be.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>What a token's <c>aud</c> has to be or contain.</summary>
    public string Audience { get; init; } = "";

    /// <summary>The claim with the roles: <c>query</c>, <c>ingest</c>, <c>admin</c>, <c>metrics</c>. Others in it are ignored.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>The claim with the caller's name, for the audit log.</summary>
    public string NameClaim { get; init; } = "sub";

    /// <summary>Seconds by which this machine's clock and the issuer's may differ, for <c>exp</c> and <c>nbf</c>.</summary>
    [Range(0, 3600)]
    public int ClockSkewSeconds { get; init; } = 60;

    internal bool IsSet => KeySet.Length > 0;

    /// <summary>Whether a key set is an address rather than a file.</summary>
    internal bool IsAddress => Uri.TryCreate(KeySet, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
}
