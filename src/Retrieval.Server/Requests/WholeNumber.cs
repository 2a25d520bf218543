using System.Buffers.Text;

namespace Retrieval.Server.Requests;

/// <summary>
/// Reads whole numbers in every JSON notation: <c>10</c>, <c>10.0</c> and <c>1e1</c> are the same number, and an integer for a
/// schema. Exact: no floating-point number is involved.
/// </summary>
internal static class WholeNumber
{
    /// <summary>Number of digits that no 32-bit whole number has.</summary>
    private const int TooManyDigits = 11;

    /// <param name="number">A number in JSON's grammar, in UTF-8.</param>
    /// <param name="value">The number, if it is whole and fits 32 bits.</param>
    public static bool TryRead(ReadOnlySpan<byte> number, out int value)
    {
        if (Utf8Parser.TryParse(number, out value, out var read) && read == number.Length)
        {
            return true;
        }

        value = 0;
        var exponentAt = number.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = exponentAt < 0 ? number : number[..exponentAt];
        var negative = mantissa[0] == '-';
        mantissa = negative ? mantissa[1..] : mantissa;
        var pointAt = mantissa.IndexOf((byte)'.');
        var digits = new byte[mantissa.Length];
        var count = 0;
        foreach (var digit in mantissa)
        {
            if (digit != '.')
            {
                digits[count++] = digit;
            }
        }

        var significant = digits.AsSpan(0, count).TrimStart((byte)'0').TrimEnd((byte)'0');
        if (significant.IsEmpty)
        {
            return true;
        }

        // The power of ten of the last significant digit.
        if (!TryReadExponent(exponentAt < 0 ? "0"u8 : number[(exponentAt + 1)..], out var power))
        {
            return false;
        }

        power -= pointAt < 0 ? 0 : mantissa.Length - pointAt - 1;
        power += count - digits.AsSpan(0, count).TrimEnd((byte)'0').Length;
        if (power < 0 || significant.Length + power >= TooManyDigits)
        {
            return false;
        }

        var whole = 0L;
        foreach (var digit in significant)
        {
            whole = (whole * 10) + (digit - '0');
        }

        for (; power > 0; power--)
        {
            whole *= 10;
        }

        whole = negative ? -whole : whole;
        value = (int)whole;
        return value == whole;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        var digits = text[0] == '+' ? text[1..] : text;
        return Utf8Parser.TryParse(digits, out exponent, out var read) && read == digits.Length && exponent is > -1_000_000 and < 1_000_000;
    }
}
