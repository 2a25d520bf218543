using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Requests;

/// <summary>
/// Strict percent-decoding of URLs: the framework leaves what it cannot decode unchanged, and so would store another text than was
/// meant.
/// </summary>
internal static class PercentEncoding
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The decoded text.</summary>
    /// <exception cref="InvalidInputException">A percent sign without two hexadecimal digits after it, or not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<char> encoded, string field)
    {
        if (!encoded.Contains('%'))
        {
            return encoded.ToString();
        }

        var bytes = new List<byte>(encoded.Length);
        Span<byte> one = stackalloc byte[4];
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%')
            {
                if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit(encoded[i + 1]) || !char.IsAsciiHexDigit(encoded[i + 2]))
                {
                    throw new InvalidInputException("holds a percent sign that two hexadecimal digits do not follow; write the sign itself as %25", field: field);
                }

                bytes.Add(Convert.FromHexString(encoded.Slice(i + 1, 2))[0]);
                i += 2;
            }
            else
            {
                // Nothing beyond ASCII arrives unencoded: the server refuses it in a request line.
                var length = char.IsSurrogatePair(encoded[i], i + 1 < encoded.Length ? encoded[i + 1] : '\0') ? 2 : 1;
                bytes.AddRange(one[..Encoding.UTF8.GetBytes(encoded.Slice(i, length), one)]);
                i += length - 1;
            }
        }

        try
        {
            return Strict.GetString([.. bytes]);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidInputException("holds percent-encoded bytes that are not UTF-8", field: field, innerException: exception);
        }
    }

    /// <summary>Checks a query string, which may only have the given parameters.</summary>
    /// <param name="query">The query string, with or without its question mark.</param>
    /// <param name="known">Permitted parameter names.</param>
    /// <exception cref="InvalidInputException">There is another parameter, or one that is not properly encoded; names it.</exception>
    public static void CheckQuery(string? query, params ReadOnlySpan<string> known)
    {
        foreach (var parameter in (query ?? "").TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = parameter.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(end < 0 ? parameter : parameter.AsSpan(0, end), "query").Replace('+', ' ');
            if (!known.Contains(name))
            {
                throw new InvalidInputException(
                    known.IsEmpty ? "there is no such parameter of the query; there are none here" : $"there is no such parameter of the query; known here are {string.Join(", ", known!)}", field: name);
            }

            Decode(end < 0 ? [] : parameter.AsSpan(end + 1), name);
        }
    }
}
