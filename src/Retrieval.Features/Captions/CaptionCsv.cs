using System.Text;

namespace Retrieval.Features.Captions;

/// <summary>
/// A record of a table <c>image,caption</c>. A field that begins with a quotation mark ends with one and may hold line breaks
/// (they become spaces), commas and doubled quotation marks (RFC 4180). A caption without them goes to the end of its line.
/// </summary>
internal static class CaptionCsv
{
    // A quotation mark that nobody closes costs its own line, not those behind it.
    private const int MostLines = 32;
    private const int MostCharacters = 1 << 16;

    /// <summary>Reads a record, with the lines that it goes on in.</summary>
    /// <returns>Null if it has not this form; then no other line is taken.</returns>
    public static (string Name, string Caption)? Parse(string line, CaptionLineReader rest)
    {
        var text = line.Trim();
        string name;
        if (text.StartsWith('"'))
        {
            if (Quoted(text, out var nameEnd) is not { } quoted || nameEnd >= text.Length || text[nameEnd] != ',')
            {
                return null;
            }

            (name, text) = (quoted.Trim(), text[(nameEnd + 1)..].TrimStart());
        }
        else
        {
            var comma = text.IndexOf(',', StringComparison.Ordinal);
            (name, text) = comma < 0 ? ("", "") : (text[..comma].Trim(), text[(comma + 1)..].TrimStart());
        }

        if (name.Length == 0 || !text.StartsWith('"'))
        {
            return name.Length == 0 ? null : (name, text);
        }

        for (var taken = 0; ; taken++)
        {
            if (Quoted(text, out var end) is { } caption)
            {
                if (end < text.Length)
                {
                    // "A dog", he said: the caption is not quoted, a part of it is.
                    return taken == 0 ? (name, text) : null;
                }

                rest.Skip(taken);
                return (name, caption.Trim());
            }

            if (taken == MostLines || text.Length > MostCharacters || rest.Peek(taken) is not { Fault: null } next)
            {
                return null;
            }

            text = $"{text} {next.Text.Trim()}";
        }
    }

    // The text between the quotation mark at the start and the one that closes it; null if none does.
    private static string? Quoted(string text, out int end)
    {
        var inside = new StringBuilder();
        for (end = 1; end < text.Length; end++)
        {
            if (text[end] != '"')
            {
                inside.Append(text[end]);
            }
            else if (end + 1 < text.Length && text[end + 1] == '"')
            {
                inside.Append(text[end++]);
            }
            else
            {
                end++;
                return inside.ToString();
            }
        }

        return null;
    }
}
