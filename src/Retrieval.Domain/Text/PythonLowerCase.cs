using System.Globalization;
using System.Text;

namespace Retrieval.Domain.Text;

/// <summary>
/// Lower-cases like Python's <c>str.lower()</c>. It differs from <see cref="string.ToLowerInvariant"/> for two letters: the
/// capital I with a dot becomes two characters, and a capital sigma at the end of a word becomes the final sigma.
/// </summary>
internal static class PythonLowerCase
{
    private const char CapitalDottedI = '\u0130';
    private const char CapitalSigma = '\u03A3';

    // Word_Break = MidLetter, MidNumLet or Single_Quote: transparent to the final-sigma rule, whatever their category.
    private const string TransparentPunctuation =
        "'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";

    /// <summary>Lower-cases a text.</summary>
    /// <exception cref="ArgumentException">The text contains a lone surrogate.</exception>
    public static string Lower(string text)
    {
        var lowered = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                throw new ArgumentException($"the text holds a lone surrogate at position {i}", nameof(text));
            }

            _ = rune.Value switch
            {
                CapitalDottedI => lowered.Append("i\u0307"),
                CapitalSigma => lowered.Append(IsFinal(text, i) ? '\u03C2' : '\u03C3'),
                _ => lowered.Append(Rune.ToLowerInvariant(rune)),
            };
            i += rune.Utf16SequenceLength;
        }

        return lowered.ToString();
    }

    // Unicode's Final_Sigma: a cased letter before and none after, ignoring transparent characters.
    private static bool IsFinal(string text, int sigma)
    {
        var before = sigma;
        while (before > 0)
        {
            var rune = RuneBefore(text, before);
            if (!IsTransparent(rune))
            {
                if (!IsCased(rune))
                {
                    return false;
                }

                break;
            }

            before -= rune.Utf16SequenceLength;
        }

        if (before == 0)
        {
            return false;
        }

        for (var after = sigma + 1; after < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, after, out var rune) || !IsTransparent(rune))
            {
                return !IsCased(rune);
            }

            after += rune.Utf16SequenceLength;
        }

        return true;
    }

    private static Rune RuneBefore(string text, int end) =>
        end >= 2 && char.IsSurrogatePair(text[end - 2], text[end - 1])
            ? new Rune(text[end - 2], text[end - 1])
            : new Rune(text[end - 1]);

    private static bool IsTransparent(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || (rune.IsBmp && TransparentPunctuation.Contains((char)rune.Value));

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter
        || IsCasedWithoutBeingALetter(rune.Value);

    // Other_Lowercase and Other_Uppercase characters that are not transparent: ordinals, Roman numerals, circled letters.
    private static bool IsCasedWithoutBeingALetter(int value) => value is 0xAA or 0xBA
        or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9)
        or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
}
