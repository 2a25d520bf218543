using System.Text.RegularExpressions;
using Retrieval.Features.Files;

namespace Retrieval.Features.Captions;

/// <summary>
/// Captions in lines: <c>id⇥caption</c>; Flickr's <c>.token</c>, where a line's id is the picture and the number of the caption
/// (<c>1000092795.jpg#0⇥…</c>); and tables with the header <c>image,caption</c> or <c>image_name| comment_number| comment</c>.
/// A line that has not the form of the others is listed.
/// </summary>
internal static partial class CaptionLines
{
    /// <exception cref="Retrieval.Domain.Errors.InvalidInputException">No line has one of the forms, or the text is too long.</exception>
    public static CaptionTable Load(string path)
    {
        var lines = new List<(long Number, string Name, string Caption)>();
        var faults = new List<(long Number, string Reason)>();
        var separator = '\t';
        InputFile.RequireText(path, CaptionFile.MaxBytes);
        using var reader = new CaptionLineReader(path);
        while (reader.TryRead(out var line))
        {
            if (line.Number == 1 && HeaderOf(line.Text) is { } found)
            {
                separator = found;
                continue;
            }

            if (line.Fault is not null)
            {
                faults.Add((line.Number, line.Fault));
            }
            else if ((separator == ',' ? CaptionCsv.Parse(line.Text, reader) : Parse(line.Text, separator)) is { } entry)
            {
                lines.Add((line.Number, entry.Name, entry.Caption));
            }
            else
            {
                faults.Add((line.Number, $"{(string.IsNullOrWhiteSpace(line.Text) ? "blank" : $"'{Start(line.Text)}'")}, expected {Expected(separator)}"));
            }
        }

        // What most lines have is the form of the file: one odd line decides nothing.
        var numbered = lines.Count(line => NumberedName().IsMatch(line.Name)) > lines.Count / 2;
        var table = new CaptionTable(Path.GetFileName(path), (numbered, separator) switch
        {
            (true, '\t') => "lines of id#number, tab, caption (Flickr's .token)",
            (_, '\t') => "lines of id, tab, caption",
            (_, ',') => "a table of image, caption",
            _ => "a table of image_name| comment_number| comment",
        })
        { IsOfManySplits = numbered || separator != '\t' };
        foreach (var (number, name, caption) in lines)
        {
            if (numbered && !NumberedName().IsMatch(name))
            {
                faults.Add((number, $"'{Start(name)}', expected a picture, # and the number of the caption, as the other lines have"));
                continue;
            }

            table.Add(numbered ? name[..name.LastIndexOf('#')] : name, caption, $"line {number}");
        }

        foreach (var (number, reason) in faults.OrderBy(fault => fault.Number))
        {
            table.AddOdd($"line {number}", reason);
        }

        return table.Checked();
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

        return (name, caption);
    }

    private static string Expected(char separator) => separator switch
    {
        '\t' => "an id, a tab and a caption",
        ',' => "an image, a comma and a caption, with a quotation mark at its end if one begins it",
        _ => "an image, a number and a caption with | between them",
    };

    private static string Start(string line) => line.Trim() is { Length: <= 40 } whole ? whole : line.Trim()[..40] + "…";

    // No leading zeros: img#0007 is an id that ends so.
    [GeneratedRegex(@".#(?:0|[1-9][0-9]{0,3})\z")]
    private static partial Regex NumberedName();
}
