using System.Globalization;
using System.Text.RegularExpressions;

namespace Retrieval.Domain.Images;

/// <summary>
/// Gives a JSON number a text that sorts as the number does, exactly and however the number is written: <c>2024</c>, <c>2024.0</c>
/// and <c>2.024e3</c> have the same. Texts are compared character by character, which for these is the same as byte by byte in UTF-8.
/// </summary>
/// <remarks>
/// Zero is <c>1</c>. A positive number is <c>2</c>, its decimal exponent plus 1000 in four digits, and its significant digits. A
/// negative number is <c>0</c>, the same digits each subtracted from 9, and <c>~</c>, which sorts behind every digit: of two negative
/// numbers the one with more digits is the smaller.
/// </remarks>
internal static partial class NumberOrder
{
    private const int ExponentOffset = 1000;
    private const int LongestExponent = 9;
    private const int ShownCharacters = 32;

    /// <summary>The order text.</summary>
    /// <param name="written">The number as it is written.</param>
    /// <param name="reason">Why it has none; null if it has one.</param>
    public static string? Of(string written, out string? reason)
    {
        reason = null;
        var parts = JsonNumber().Match(written);
        if (!parts.Success)
        {
            reason = $"'{Shown(written)}' is no number as JSON writes it";
            return null;
        }

        var whole = parts.Groups["whole"].Value;
        var all = whole + parts.Groups["fraction"].Value;
        var first = all.AsSpan().IndexOfAnyExcept('0');
        if (first < 0)
        {
            return "1";
        }

        var digits = all[first..].TrimEnd('0');
        var exponent = whole.Length - 1 - first + Exponent(parts.Groups["exponent"].Value);
        reason = digits.Length > ImageBounds.MaxNumberDigits ? $"the number {Shown(written)} has {digits.Length} significant digits, expected at most {ImageBounds.MaxNumberDigits}"
            : exponent > ImageBounds.MaxNumberExponent ? $"the number {Shown(written)} is 1e{ImageBounds.MaxNumberExponent + 1} or more in size, expected less"
            : exponent < -ImageBounds.MaxNumberExponent ? $"the number {Shown(written)} is less than 1e-{ImageBounds.MaxNumberExponent} in size, expected more or zero"
            : null;
        if (reason is not null)
        {
            return null;
        }

        var size = (exponent + ExponentOffset).ToString("D4", CultureInfo.InvariantCulture) + digits;
        return parts.Groups["sign"].Length == 0 ? $"2{size}" : $"0{string.Concat(size.Select(digit => (char)('9' - (digit - '0'))))}~";
    }

    // An exponent of more digits is out of bounds whatever the digits before it, of which metadata cannot hold as many.
    private static long Exponent(string written)
    {
        var digits = written.AsSpan().TrimStart("+-0");
        var size = digits.IsEmpty ? 0 : digits.Length > LongestExponent ? int.MaxValue : long.Parse(digits, CultureInfo.InvariantCulture);
        return written.StartsWith('-') ? -size : size;
    }

    private static string Shown(string written) => written.Length <= ShownCharacters ? written : $"{written[..ShownCharacters]}…";

    [GeneratedRegex(@"^(?<sign>-?)(?<whole>0|[1-9][0-9]*)(?:\.(?<fraction>[0-9]+))?(?:[eE](?<exponent>[+-]?[0-9]+))?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();
}
