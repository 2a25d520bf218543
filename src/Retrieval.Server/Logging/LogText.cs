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

    // Of spaces the one of ASCII is told from the others. What Unicode calls default-ignorable is in categories of letters and marks too.
    private static bool IsSeen(Rune rune) => rune.Value switch
    {
        ' ' => true,
        0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF) => false,
        _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format),
    };

    private static string Of(string text, int longest)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= longest)
            {
                return shown.Append(Cut).ToString();
            }

            _ = IsSeen(rune) ? shown.Append(rune.ToString()) : shown.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return shown.ToString();
    }
}
