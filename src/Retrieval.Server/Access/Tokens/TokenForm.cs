using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Retrieval.Server.Access.Tokens;

/// <summary>What a token says of itself before anything of it is checked: a signed JWT (RFC 7519) in its compact form.</summary>
/// <param name="KeyId">The key that it names; null if it names none.</param>
/// <param name="Refusal">Why it cannot be one that is taken; null if it may be.</param>
internal readonly record struct TokenForm(string? KeyId, AccessRefusal? Refusal)
{
    private const int PartsOfSigned = 3;
    private const int PartsOfEncrypted = 5;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Whether a text is meant as a token: it has the parts of one. A key has no points.</summary>
    public static bool IsMeant(string text) => text.Count('.') + 1 is PartsOfSigned or PartsOfEncrypted;

    /// <summary>Reads header and claims.</summary>
    public static TokenForm Of(string text)
    {
        var parts = text.Split('.');
        if (parts.Length != PartsOfSigned)
        {
            return IsMeant(text) ? Malformed("it is an encrypted JWT; expected a signed one") : new TokenForm(null, AccessRefusal.Unknown);
        }

        try
        {
            using var header = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(parts[0]), Strict);
            using var claims = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(parts[1]), Strict);
            if (header.RootElement.ValueKind != JsonValueKind.Object || claims.RootElement.ValueKind != JsonValueKind.Object)
            {
                return Malformed("its header or its claims are no object");
            }

            // RFC 7515, 4.1.11: whoever does not understand what is critical must refuse.
            if (header.RootElement.TryGetProperty("crit", out _))
            {
                return new TokenForm(null, AccessRefusal.InvalidToken("its header names extensions as critical (crit), and this server knows none"));
            }

            return Fault(claims.RootElement) is { } fault ? Malformed(fault) : new TokenForm(Text(header.RootElement, "kid"), null);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or ArgumentException or InvalidOperationException)
        {
            return Malformed("its header or its claims are no JSON in Base64url, or have a member twice");
        }
    }

    private static TokenForm Malformed(string fault) => new(null, AccessRefusal.Malformed($"the token is malformed: {fault}"));

    private static string? Fault(JsonElement claims)
    {
        foreach (var (name, kind, expected) in new[] { ("iss", JsonValueKind.String, "a text"), ("sub", JsonValueKind.String, "a text"), ("exp", JsonValueKind.Number, "a number"), ("nbf", JsonValueKind.Number, "a number") })
        {
            if (claims.TryGetProperty(name, out var claim) && claim.ValueKind != kind)
            {
                return $"its claim {name} is not {expected}";
            }
        }

        return !claims.TryGetProperty("exp", out var ends) ? "it has no time at which it expires (exp)"
            : claims.TryGetProperty("nbf", out var begins) && begins.GetDouble() > ends.GetDouble() ? "it begins (nbf) after it has expired (exp)"
            : null;
    }

    private static string? Text(JsonElement header, string name) => header.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
