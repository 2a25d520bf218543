using System.Text.RegularExpressions;

namespace Retrieval.Domain.Text;

/// <summary>
/// Splits a caption into words exactly as the models' training code did: Python's <c>str.lower()</c>, then NLTK's
/// <c>word_tokenize</c>, which finds sentences (<see cref="PunktSentences"/>) and splits each by the Penn Treebank rules.
/// </summary>
/// <remarks>
/// A word that is split differently here is unknown to the model. So the rules, their order and their character classes follow
/// NLTK (<c>nltk/tokenize/destructive.py</c>) rule for rule. Every rule takes time linear in the caption's length.
/// </remarks>
public static partial class TreebankTokenizer
{
    private const string Word = PythonCharacters.Word;
    private const string Digit = PythonCharacters.Digit;
    private const string Space = PythonCharacters.Space;

    /// <summary>Lower-cases and splits a caption.</summary>
    /// <param name="caption">Any well-formed UTF-16 text, of any number of sentences.</param>
    /// <returns>The words in order; none if the caption is empty or white space.</returns>
    /// <exception cref="ArgumentException">The caption contains a lone surrogate.</exception>
    public static string[] Tokenize(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        var lowered = PythonLowerCase.Lower(caption);
        var text = SupplementaryCharacters.Fold(lowered, out var supplementary);
        string[] words = [.. PunktSentences.Split(text).SelectMany(SplitSentence)];
        return SupplementaryCharacters.Restore(words, supplementary);
    }

    private static string[] SplitSentence(string text)
    {
        text = SplitContractions(SplitEndingQuotes(SplitPunctuation(SplitStartingQuotes(text))));
        return text.Split(PythonCharacters.WhiteSpace, StringSplitOptions.RemoveEmptyEntries);
    }

    private static string SplitStartingQuotes(string text)
    {
        text = TypographicStartingQuote().Replace(text, " $1 ");
        text = LeadingDoubleQuote().Replace(text, "``");
        text = DoubleBacktick().Replace(text, " $0 ");
        text = OpeningQuote().Replace(text, "$1 `` ");
        return QuotedLetter().Replace(text, "$0 ");
    }

    private static string SplitPunctuation(string text)
    {
        text = FinalPeriodWithTypographicQuotes().Replace(text, "$1 $2 $3 ");
        text = ColonOrComma().Replace(text, " $1 $2");
        text = FinalColonOrComma().Replace(text, " $0 ");
        text = Ellipsis().Replace(text, " $0 ");
        text = Symbol().Replace(text, " $0 ");
        text = FinalPeriod().Replace(text, "$1 $2$3 ");
        text = QuestionOrExclamation().Replace(text, " $0 ");
        text = Apostrophe().Replace(text, "$1 ' ");
        text = Asterisk().Replace(text, " $0 ");
        text = Bracket().Replace(text, " $0 ");
        return DoubleDash().Replace(text, " $0 ");
    }

    private static string SplitEndingQuotes(string text)
    {
        text = TypographicEndingQuote().Replace(" " + text + " ", " $0 ");
        text = DoubledApostrophe().Replace(text, " '' ");
        text = DoubleQuote().Replace(text, " '' ");
        text = ShortClitic().Replace(text, "$1 $2 ");
        return LongClitic().Replace(text, "$1 $2 ");
    }

    private static string SplitContractions(string text)
    {
        text = Cannot().Replace(text, " $1 $2 ");
        text = DyeKnow().Replace(text, " $1 $2 ");
        text = Gimme().Replace(text, " $1 $2 ");
        text = Gonna().Replace(text, " $1 $2 ");
        text = Gotta().Replace(text, " $1 $2 ");
        text = Lemme().Replace(text, " $1 $2 ");
        text = MoreThan().Replace(text, " $1 $2 ");
        text = Wanna().Replace(text, " $1 $2 ");
        text = Tis().Replace(text, " $1 $2 ");
        return Twas().Replace(text, " $1 $2 ");
    }

    [GeneratedRegex("([«“‘„]|`+)")]
    private static partial Regex TypographicStartingQuote();

    [GeneratedRegex("^\"")]
    private static partial Regex LeadingDoubleQuote();

    [GeneratedRegex("``")]
    private static partial Regex DoubleBacktick();

    [GeneratedRegex(@"([ (\[{<])(""|'{2})")]
    private static partial Regex OpeningQuote();

    // Python matches this and the contractions case-insensitively. After lower-casing, two letters remain that it treats as
    // others: the long s (U+017F) and the dotless i (U+0131).
    [GeneratedRegex("'(?!re|ve|ll|m|t|[s\u017F]|d|n)(?=[" + Word + "](?![" + Word + "]))")]
    private static partial Regex QuotedLetter();

    // Here, and in FinalPeriod, NLTK's two greedy runs before the end of the text are atomic: both give the same
    // match, but plain backtracking takes quadratic time over a long run of spaces.
    [GeneratedRegex(@"([^.])(\.)((?>[\])}>""'»”’ ]*))(?>[" + Space + @"]*)\z")]
    private static partial Regex FinalPeriodWithTypographicQuotes();

    [GeneratedRegex("([:,])([^" + Digit + "])")]
    private static partial Regex ColonOrComma();

    [GeneratedRegex("[:,]$")]
    private static partial Regex FinalColonOrComma();

    [GeneratedRegex(@"\.{2,}")]
    private static partial Regex Ellipsis();

    [GeneratedRegex("[;@#$%&]")]
    private static partial Regex Symbol();

    [GeneratedRegex(@"([^.])(\.)((?>[\])}>""']*))(?>[" + Space + @"]*)\z")]
    private static partial Regex FinalPeriod();

    [GeneratedRegex("[?!]")]
    private static partial Regex QuestionOrExclamation();

    [GeneratedRegex("([^'])' ")]
    private static partial Regex Apostrophe();

    [GeneratedRegex(@"\*")]
    private static partial Regex Asterisk();

    [GeneratedRegex(@"[\]\[(){}<>]")]
    private static partial Regex Bracket();

    [GeneratedRegex("--")]
    private static partial Regex DoubleDash();

    [GeneratedRegex("[»”’]")]
    private static partial Regex TypographicEndingQuote();

    [GeneratedRegex("''")]
    private static partial Regex DoubledApostrophe();

    [GeneratedRegex("\"")]
    private static partial Regex DoubleQuote();

    [GeneratedRegex("([^' ])('[sS]|'[mM]|'[dD]|') ")]
    private static partial Regex ShortClitic();

    [GeneratedRegex("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ")]
    private static partial Regex LongClitic();

    [GeneratedRegex("(?<![" + Word + "])(can)(not)(?![" + Word + "])")]
    private static partial Regex Cannot();

    [GeneratedRegex("(?<![" + Word + "])(d)('ye)(?![" + Word + "])")]
    private static partial Regex DyeKnow();

    [GeneratedRegex("(?<![" + Word + "])(g[i\u0131]m)(me)(?![" + Word + "])")]
    private static partial Regex Gimme();

    [GeneratedRegex("(?<![" + Word + "])(gon)(na)(?![" + Word + "])")]
    private static partial Regex Gonna();

    [GeneratedRegex("(?<![" + Word + "])(got)(ta)(?![" + Word + "])")]
    private static partial Regex Gotta();

    [GeneratedRegex("(?<![" + Word + "])(lem)(me)(?![" + Word + "])")]
    private static partial Regex Lemme();

    [GeneratedRegex("(?<![" + Word + "])(more)('n)(?![" + Word + "])")]
    private static partial Regex MoreThan();

    [GeneratedRegex("(?<![" + Word + "])(wan)(na)(?=[" + Space + "])")]
    private static partial Regex Wanna();

    [GeneratedRegex(" ('t)([i\u0131][s\u017F])(?![" + Word + "])")]
    private static partial Regex Tis();

    [GeneratedRegex(" ('t)(wa[s\u017F])(?![" + Word + "])")]
    private static partial Regex Twas();
}
