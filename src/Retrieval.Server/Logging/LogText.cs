using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Retrieval.Server.Logging;

/// <summary>Text of callers on its way to a log: on one line, and bounded.</summary>
internal static class LogText
{
    private const int Longest = 200;
    private const int LongestHead = 100;
    private const int HashBytes = 12;
    private const char Cut = '…';

    /// <summary>The text, with escapes in the place of characters that are not seen, cut behind 200 characters.</summary>
    public static string Of(string text) => Of(text, Longest);

    /// <summary>
    /// The text as a name of its own: different texts give different names. One that has to be cut or escaped ends with a hash of the
    /// whole, <c>head…#0123456789abcdef01234567</c>; one with the mark of a cut too, so that nobody is called like another's hash.
    /// </summary>
    public static string Name(string text)
    {
        var shown = Of(text);
        if (shown == text && !text.Contains(Cut, StringComparison.Ordinal))
        {
            return text;
        }

        // Of the characters, not of their UTF-8, in which all halves of pairs are one.
        var hash = SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())).AsSpan(0, HashBytes);
        return $"{Of(text, LongestHead).TrimEnd(Cut)}{Cut}#{Convert.ToHexStringLower(hash)}";
    }

    private static string Of(string text, int longest)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= longest)
            {
                return shown.Append(Cut).ToString();
            }

            _ = Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format
                ? shown.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}")
                : shown.Append(rune.ToString());
        }

        return shown.ToString();
    }
}
