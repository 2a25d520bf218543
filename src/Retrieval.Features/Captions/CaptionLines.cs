using System.Text.RegularExpressions;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Captions;

/// <summary>
/// Captions in lines: <c>id⇥caption</c>; Flickr's <c>.token</c>, where a line's id is the picture and the number of the caption
/// (<c>1000092795.jpg#0⇥…</c>); and tables with the header <c>image,caption</c> or <c>image_name| comment_number| comment</c>.
/// </summary>
internal static partial class CaptionLines
{
    /// <exception cref="InvalidInputException">No line has one of the forms, a line is not UTF-8, or the text is too long.</exception>
    public static CaptionTable Load(string path)
    {
        var file = LineFile.Open(path, CaptionFile.MaxBytes);
        var lines = new List<(long Number, string Name, string Caption)>();
        var faults = new List<string>();
        var separator = '\t';
        var number = 0L;
        foreach (var line in file.ReadFrom(0, trim: false))
        {
            number++;
            if (number == 1 && HeaderOf(line) is { } found)
            {
                separator = found;
                continue;
            }

            if (Parse(line, separator) is { } entry)
            {
                lines.Add((number, entry.Name, entry.Caption));
            }
            else
            {
                faults.Add($"line {number}: {(string.IsNullOrWhiteSpace(line) ? "blank" : $"'{Start(line)}'")}, expected {Expected(separator)}");
            }
        }

        if (lines.Count == 0)
        {
            throw new InvalidInputException($"expected {Expected(separator)}", file.Name, 1);
        }

        var numbered = lines.TrueForAll(line => NumberedName().IsMatch(line.Name));
        var table = new CaptionTable(file.Name, (numbered, separator) switch
        {
            (true, '\t') => "lines of id#number, tab, caption (Flickr's .token)",
            (_, '\t') => "lines of id, tab, caption",
            (_, ',') => "a table of image, caption",
            _ => "a table of image_name| comment_number| comment",
        })
        { IsOfManySplits = numbered || separator != '\t' };
        lines.ForEach(line => table.Add(numbered ? line.Name[..line.Name.LastIndexOf('#')] : line.Name, line.Caption, $"line {line.Number}"));
        faults.ForEach(table.AddFault);
        return table;
    }

    private static char? HeaderOf(string line) => line.Trim().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant() switch
    {
        "image,caption" or "image_name,caption" => ',',
        "image_name|comment_number|comment" => '|',
        _ => null,
    };

    private static (string Name, string Caption)? Parse(string line, char separator)
    {
        var end = line.IndexOf(separator, StringComparison.Ordinal);
        if (end <= 0 || string.IsNullOrWhiteSpace(line[..end]))
        {
            return null;
        }

        var (name, caption) = (line[..end].Trim(), line[(end + 1)..].Trim());
        if (separator == '|')
        {
            // The number of the caption stands between the two.
            end = caption.IndexOf('|', StringComparison.Ordinal);
            return end < 0 ? null : (name, caption[(end + 1)..].Trim());
        }

        var quoted = separator == ',' && caption.Length > 1 && caption[0] == '"' && caption[^1] == '"';
        return (name, quoted ? caption[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : caption);
    }

    private static string Expected(char separator) => separator switch
    {
        '\t' => "an id, a tab and a caption",
        ',' => "an image, a comma and a caption",
        _ => "an image, a number and a caption with | between them",
    };

    private static string Start(string line) => line.Trim() is { Length: <= 40 } whole ? whole : line.Trim()[..40] + "…";

    [GeneratedRegex(@".#[0-9]{1,4}\z")]
    private static partial Regex NumberedName();
}
