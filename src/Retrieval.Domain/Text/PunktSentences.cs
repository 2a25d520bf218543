using System.Text.RegularExpressions;

namespace Retrieval.Domain.Text;

/// <summary>
/// Splits a lower-cased caption into sentences as NLTK's Punkt tokenizer does with its English parameters (Kiss and Strunk,
/// "Unsupervised Multilingual Sentence Boundary Detection", Computational Linguistics 2006).
/// </summary>
/// <remarks>
/// Most of what Punkt knows is about capitals, which a lower-cased caption has not. What is left: a question or exclamation mark
/// ends a sentence; a full stop does so unless the word is an abbreviation, or is a number or an initial before a word. Every
/// step takes time linear in the caption's length. One thing is not as in NLTK: a letter beyond U+FFFF has no case here.
/// </remarks>
internal static partial class PunktSentences
{
    private const string Space = PythonCharacters.Space;
    private const string NonWord = @")"";}\]*:@'({\[?!";
    private const string Runs = @"-{2,}|\.{2,}|(?:\.[" + Space + @"]){2,}\.";
    private const string Punctuation = ";:,.!?";

    /// <summary>The sentences in order, without white space between them.</summary>
    /// <param name="text">Lower-cased, with stand-ins for <see cref="SupplementaryCharacters"/>.</param>
    public static List<string> Split(string text)
    {
        var slices = Slices(text);
        var sentences = new List<string>(slices.Count);
        var moved = 0;
        for (var i = 0; i < slices.Count; i++)
        {
            var (start, end) = (slices[i].Start + moved, slices[i].End);
            moved = 0;

            // Quotes and brackets that close a sentence stand behind its full stop.
            if (i + 1 < slices.Count && Closing().Match(text[slices[i + 1].Start..slices[i + 1].End]) is { Success: true } closing)
            {
                end = slices[i + 1].Start + closing.Value.TrimEnd(PythonCharacters.WhiteSpace).Length;
                moved = closing.Length;
            }

            if (end > start)
            {
                sentences.Add(text[start..end]);
            }
        }

        return sentences;
    }

    private static List<(int Start, int End)> Slices(string text)
    {
        var slices = new List<(int Start, int End)>();
        var start = 0;
        foreach (var (wordStart, match) in PossibleEnds(text))
        {
            var after = match.Groups["after"];
            if (EndsSentence(text[wordStart..(after.Index + after.Length)]))
            {
                slices.Add((start, match.Index + 1));
                start = match.Groups["next"] is { Success: true } next ? next.Index : match.Index + 1;
            }
        }

        slices.Add((start, text.TrimEnd(PythonCharacters.WhiteSpace).Length));
        return slices;
    }

    // Each mark that may end a sentence, with the start of its word; of several marks in one word the last.
    private static IEnumerable<(int WordStart, Match Match)> PossibleEnds(string text)
    {
        Match? last = null;
        var (wordStart, wordEnd) = (0, 0);
        foreach (Match match in PossibleEnd().Matches(text))
        {
            var space = text.AsSpan(wordEnd, match.Index - wordEnd).LastIndexOfAny(PythonCharacters.AsciiWhiteSpace);
            var begin = space > 0 ? wordEnd + space + 1 : wordStart;
            if (last is not null && wordEnd <= begin)
            {
                yield return (wordStart, last);
            }

            (last, wordStart, wordEnd) = (match, begin, match.Index);
        }

        if (last is not null)
        {
            yield return (wordStart, last);
        }
    }

    // A word, its mark and what follows: whether any but the last token ends a sentence.
    private static bool EndsSentence(string context)
    {
        string? token = null;
        foreach (var line in context.Split('\n'))
        {
            foreach (Match match in Token().Matches(line))
            {
                if (token is not null && EndsSentence(token, match.Value))
                {
                    return true;
                }

                token = match.Value;
            }
        }

        return false;
    }

    private static bool EndsSentence(string token, string next)
    {
        if (token is "." or "?" or "!")
        {
            return true;
        }

        // An ellipsis ends none.
        if (!token.EndsWith('.') || token.EndsWith("..", StringComparison.Ordinal))
        {
            return false;
        }

        var word = token[..^1];
        var isInitialOrNumber = Initial().IsMatch(token) || Number().IsMatch(token);
        var goesOn = PunktEnglish.IsCollocation(word, Number().IsMatch(next)) || (isInitialOrNumber && IsNoBeginning(next));
        return !goesOn && !PunktEnglish.IsAbbreviation(word);
    }

    private static bool IsNoBeginning(string token) =>
        token.Length == 1 && Punctuation.Contains(token[0], StringComparison.Ordinal)
        || IsLower(token[0]) && !PunktEnglish.MayBegin(token.EndsWith('.') ? token[..^1] : token);

    // Python's islower() is true of the two ordinal indicators as well.
    private static bool IsLower(char letter) => char.IsLower(letter) || letter is '\u00AA' or '\u00BA';

    [GeneratedRegex("[.?!](?=(?<after>[" + NonWord + "]|(?>[" + Space + "]+)(?<next>[^" + Space + "]+)))")]
    private static partial Regex PossibleEnd();

    [GeneratedRegex(
        Runs + @"|(?=[^(""`{\[:;&#*@)}\]\-,])[^" + Space + "]+?(?=[" + Space + "]|$|[" + NonWord + "]|" + Runs
        + "|,(?=$|[" + Space + "]|[" + NonWord + "]|" + Runs + "))|[^" + Space + "]")]
    private static partial Regex Token();

    [GeneratedRegex(@"^-?[.,]?[" + PythonCharacters.Digit + "][" + PythonCharacters.Digit + @",.-]*\.?$")]
    private static partial Regex Number();

    // Any character of a word but a digit.
    [GeneratedRegex("^(?![" + PythonCharacters.Digit + "])[" + PythonCharacters.Word + @"]\.$")]
    private static partial Regex Initial();

    [GeneratedRegex(@"\A[""')\]}]+?(?:[" + Space + "]+|(?=--)|$)", RegexOptions.Multiline)]
    private static partial Regex Closing();
}
