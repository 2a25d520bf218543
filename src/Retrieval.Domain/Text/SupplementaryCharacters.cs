using System.Globalization;
using System.Text;

namespace Retrieval.Domain.Text;

/// <summary>
/// Makes every character of a text one UTF-16 code unit, as it is one unit in Python. A character beyond U+FFFF becomes one of
/// three lone surrogates that represents only its kind. The rules neither reorder nor drop such characters, so they can be
/// restored in order.
/// </summary>
internal static class SupplementaryCharacters
{
    private const char WordCharacter = '\uD800';
    private const char DecimalDigit = '\uD801';
    private const char OtherCharacter = '\uD802';

    /// <summary>Replaces characters beyond U+FFFF with stand-ins.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="replaced">The replaced characters in order.</param>
    public static string Fold(string text, out List<Rune> replaced)
    {
        replaced = [];
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsBmp)
            {
                folded.Append((char)rune.Value);
                continue;
            }

            folded.Append(StandIn(rune));
            replaced.Add(rune);
        }

        return folded.ToString();
    }

    /// <summary>Restores the characters, in place.</summary>
    public static string[] Restore(string[] words, List<Rune> replaced)
    {
        if (replaced.Count == 0)
        {
            return words;
        }

        var next = 0;
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].AsSpan().ContainsAnyInRange(WordCharacter, OtherCharacter))
            {
                continue;
            }

            var restored = new StringBuilder();
            foreach (var c in words[i])
            {
                _ = char.IsSurrogate(c) ? restored.Append(replaced[next++]) : restored.Append(c);
            }

            words[i] = restored.ToString();
        }

        return words;
    }

    private static char StandIn(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.DecimalDigitNumber => DecimalDigit,
        UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => WordCharacter,
        _ => Rune.IsLetter(rune) ? WordCharacter : OtherCharacter,
    };
}
