using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Text;

/// <summary>The rules for any caption, whatever the model.</summary>
public static class CaptionRules
{
    internal const string NoWords = "the caption has no words";

    /// <summary>Refuses a text that cannot be a caption.</summary>
    /// <param name="caption">The text.</param>
    /// <param name="maxCharacters">Maximum length of a caption, in UTF-16 code units.</param>
    /// <exception cref="InvalidInputException">The text is blank, too long, or contains a NUL or a lone surrogate.</exception>
    public static void Check(string caption, int maxCharacters = CaptionEncoder.DefaultMaxCharacters)
    {
        ArgumentNullException.ThrowIfNull(caption);
        if (caption.Length > maxCharacters)
        {
            throw new InvalidInputException($"the caption has {caption.Length} characters, expected at most {maxCharacters}");
        }

        if (string.IsNullOrWhiteSpace(caption))
        {
            throw new InvalidInputException(NoWords);
        }

        if (caption.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidInputException($"the caption holds a NUL at character {caption.IndexOf('\0', StringComparison.Ordinal)}, expected text");
        }

        for (var i = 0; i < caption.Length;)
        {
            if (!Rune.TryGetRuneAt(caption, i, out var rune))
            {
                throw new InvalidInputException($"the caption holds half a surrogate pair at character {i}, expected well-formed Unicode");
            }

            i += rune.Utf16SequenceLength;
        }
    }
}
