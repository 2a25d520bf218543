using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Retrieval.Server.Tests.Access;

/// <summary>Tokens of an issuer of the tests, good ones and others.</summary>
internal static class TestTokens
{
    public const string Issuer = "https://login.example.com";
    public const string Audience = "retrieval";

    private static readonly object Header = new { alg = "RS256", typ = "JWT", kid = "1" };

    public static long Seconds(int fromNow) => TimeProvider.System.GetUtcNow().AddSeconds(fromNow).ToUnixTimeSeconds();

    public static string Encode(object part) => Base64UrlEncoder.Encode(JsonSerializer.SerializeToUtf8Bytes(part));

    public static string KeySet(RSA key, string keyId = "1")
    {
        var parameters = key.ExportParameters(false);
        return JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = keyId, alg = "RS256", n = Base64UrlEncoder.Encode(parameters.Modulus!), e = Base64UrlEncoder.Encode(parameters.Exponent!) } } });
    }

    /// <summary>A token with these claims beside, or in the place of, those of a good one; one that is null is left out.</summary>
    public static string Token(RSA key, object claims, object? header = null)
    {
        var signed = $"{Encode(header ?? Header)}.{Payload(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public static string Unsigned(object claims) => $"{Encode(new { alg = "none", typ = "JWT" })}.{Payload(claims)}.";

    /// <summary>The old confusion: a token signed with the public key as if it were a shared secret.</summary>
    public static string SignedWithPublicKey(RSA key, object claims)
    {
        var signed = $"{Encode(new { alg = "HS256", typ = "JWT", kid = "1" })}.{Payload(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Payload(object claims)
    {
        var all = new Dictionary<string, object?> { ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = "somebody", ["exp"] = Seconds(300) };
        foreach (var property in claims.GetType().GetProperties())
        {
            all[property.Name] = property.GetValue(claims);
        }

        return Encode(all.Where(claim => claim.Value is not null).ToDictionary());
    }
}
