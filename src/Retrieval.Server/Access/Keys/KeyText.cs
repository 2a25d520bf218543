using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Retrieval.Server.Access.Keys;

/// <summary>
/// The text of a key, <c>rsk_</c>, the id of 12 hexadecimal digits, <c>_</c>, the secret of 64. The prefix lets scanners of
/// repositories and logs find keys that have leaked. A secret has 256 random bits: nobody guesses it, so that one salted hash is
/// enough and a slow one, as passwords need, would only give attackers a way to keep the server busy.
/// </summary>
internal static partial class KeyText
{
    public const string Prefix = "rsk_";
    public const int IdBytes = 6;
    public const int SecretBytes = 32;
    public const int SaltBytes = 16;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private const int IdAt = 4;
    private const int SecretAt = IdAt + (2 * IdBytes) + 1;
    private const int Length = SecretAt + (2 * SecretBytes);

    /// <summary>Makes a key.</summary>
    /// <returns>Its text, to be shown once, its id, and what a file stores of it.</returns>
    public static (string Text, string Id, byte[] Salt, byte[] Hash) Create()
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return ($"{Prefix}{id}_{Convert.ToHexStringLower(secret)}", id, salt, HashOf(salt, secret));
    }

    /// <summary>Whether a text is a key of this form; if so, its parts.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? id, [NotNullWhen(true)] out byte[]? secret)
    {
        (id, secret) = (null, null);
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[SecretAt - 1] != '_' || !text.AsSpan(IdAt, 2 * IdBytes).ContainsOnlyHex())
        {
            return false;
        }

        var bytes = new byte[SecretBytes];
        if (!text.AsSpan(SecretAt).ContainsOnlyHex() || Convert.FromHexString(text.AsSpan(SecretAt), bytes, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        (id, secret) = (text.Substring(IdAt, 2 * IdBytes), bytes);
        return true;
    }

    /// <summary>Whether a text holds what begins as a key does.</summary>
    public static bool IsIn(string? text) => text is not null && Beginning().IsMatch(text);

    /// <summary>SHA-256 of the salt followed by the secret.</summary>
    public static byte[] HashOf(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret)
    {
        Span<byte> both = stackalloc byte[salt.Length + secret.Length];
        salt.CopyTo(both);
        secret.CopyTo(both[salt.Length..]);
        return SHA256.HashData(both);
    }

    [GeneratedRegex("rsk_[0-9a-f]{12}_")]
    private static partial Regex Beginning();

    /// <summary>Whether a text is made of lower-case hexadecimal digits.</summary>
    public static bool ContainsOnlyHex(this ReadOnlySpan<char> text) => !text.ContainsAnyExcept(HexDigits);
}
