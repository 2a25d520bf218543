using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Text;

/// <summary>Converts captions to the token ids of one model. Safe for use by many threads.</summary>
public sealed class CaptionEncoder
{
    /// <summary>The default maximum length of a caption, in UTF-16 code units.</summary>
    public const int DefaultMaxCharacters = 10_000;

    private readonly Vocabulary _vocabulary;
    private readonly int _maxWords;
    private readonly int _maxCharacters;
    private readonly long _start;
    private readonly long _end;
    private readonly long _unknown;

    /// <summary>Combines a vocabulary with a model's token rules.</summary>
    /// <param name="vocabulary">The words of the model.</param>
    /// <param name="tokens">The special words, all of which must be in the vocabulary, and the maximum number of positions of a
    /// caption (at least 3: start, one word, end).</param>
    /// <param name="maxCharacters">Maximum length of a caption, in UTF-16 code units, at least 1.</param>
    /// <exception cref="InvalidInputException">A special word is missing from the vocabulary, or there is no position for a
    /// word.</exception>
    public CaptionEncoder(Vocabulary vocabulary, TokenSpec tokens, int maxCharacters = DefaultMaxCharacters)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCharacters, 1);
        if (tokens.Max < 3)
        {
            throw new InvalidInputException($"{tokens.Max} positions, expected at least 3: start, one word, end", field: "tokens.max");
        }

        _vocabulary = vocabulary;
        _maxWords = tokens.Max - 2;
        _maxCharacters = maxCharacters;
        _ = vocabulary.RequireId(tokens.Pad);
        _start = vocabulary.RequireId(tokens.Start);
        _end = vocabulary.RequireId(tokens.End);
        _unknown = vocabulary.RequireId(tokens.Unknown);
    }

    /// <summary>
    /// Tokenizes a caption and looks up its words. A word that the model does not know becomes the unknown word. A caption with
    /// only such words is accepted; <see cref="TokenizedCaption.KnownTokenCount"/> shows it.
    /// </summary>
    /// <param name="caption">The text as a person wrote it.</param>
    /// <exception cref="InvalidInputException">The caption has no words, is too long, or contains a NUL or a lone
    /// surrogate.</exception>
    public TokenizedCaption Encode(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        CaptionRules.Check(caption, _maxCharacters);
        var words = TreebankTokenizer.Tokenize(caption);
        if (words.Length == 0)
        {
            throw new InvalidInputException(CaptionRules.NoWords);
        }

        var kept = words.AsSpan(0, Math.Min(words.Length, _maxWords));
        var ids = new long[kept.Length + 2];
        var unknown = new List<string>();
        var known = 0;
        ids[0] = _start;
        for (var i = 0; i < kept.Length; i++)
        {
            if (_vocabulary.TryGetId(kept[i], out var id))
            {
                ids[i + 1] = id;
                known++;
                continue;
            }

            ids[i + 1] = _unknown;
            if (!unknown.Contains(kept[i]))
            {
                unknown.Add(kept[i]);
            }
        }

        ids[^1] = _end;
        return new TokenizedCaption
        {
            TokenIds = ids,
            Tokens = kept.ToArray(),
            UnknownTokens = [.. unknown],
            KnownTokenCount = known,
            Truncated = kept.Length < words.Length,
        };
    }
}
