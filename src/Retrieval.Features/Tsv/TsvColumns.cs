using System.Globalization;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tsv;

/// <summary>Which column of a detector's file holds what. A position is -1 where the file does not have the column.</summary>
/// <param name="Form">What the file was recognised as, for people.</param>
/// <param name="Count">Number of columns.</param>
/// <param name="Id">The image's id.</param>
/// <param name="Width">Width of the picture in pixels, optional.</param>
/// <param name="Height">Height of the picture in pixels, optional.</param>
/// <param name="Boxes">Number of boxes.</param>
/// <param name="Corners">The boxes, optional.</param>
/// <param name="Features">The features.</param>
internal sealed record TsvColumns(string Form, int Count, int Id, int Width, int Height, int Boxes, int Corners, int Features)
{
    /// <summary>Bottom-up attention: id, width, height, number of boxes, boxes, features.</summary>
    public static TsvColumns BottomUp { get; } = new("bottom-up-attention TSV of 6 columns", 6, 0, 1, 2, 3, 4, 5);

    /// <summary>LXMERT: img_id, img_h, img_w, objects_id, objects_conf, attrs_id, attrs_conf, num_boxes, boxes, features.</summary>
    public static TsvColumns Lxmert { get; } = new("LXMERT TSV of 10 columns", 10, 0, 2, 1, 7, 8, 9);

    private const int MostColumns = 64;

    // The first of them may be torn.
    private const int MostLinesSeen = 16;

    // The names in use, in lower case. The order is that of the parameters.
    private static readonly string[][] Names =
    [
        ["id", "image_id", "img_id", "imageid"],
        ["width", "w", "image_w", "img_w", "image_width"],
        ["height", "h", "image_h", "img_h", "image_height"],
        ["num_boxes", "n", "num_bbox", "num_objs"],
        ["boxes", "bbox", "bboxes"],
        ["features", "x", "feature", "feat"],
    ];

    /// <summary>Columns by name, as a header or <c>--columns</c> gives them. Other names are of columns that are not read.</summary>
    /// <param name="names">The names in the file's order.</param>
    /// <param name="form">What they are, for people.</param>
    /// <param name="fault">What is missing, if null is returned.</param>
    public static TsvColumns? Parse(IReadOnlyList<string> names, string form, out string? fault)
    {
        var lower = names.Select(name => name.Trim().ToLowerInvariant()).ToList();
        var at = Names.Select(known => lower.FindIndex(known.Contains)).ToArray();
        var twice = Names.FirstOrDefault(known => lower.Count(known.Contains) > 1);
        fault = names.Count > MostColumns ? $"{names.Count} columns, expected at most {MostColumns}"
            : twice is not null ? $"the column {twice[0]} stands twice"
            : at[0] < 0 || at[3] < 0 || at[5] < 0 ? $"expected the columns {Names[0][0]}, {Names[3][0]} and {Names[5][0]}, and where the file has them {Names[1][0]}, {Names[2][0]} and {Names[4][0]}, with any name for a column that is not read; found {string.Join(",", names)}"
            : null;
        return fault is null ? new TsvColumns(form, names.Count, at[0], at[1], at[2], at[3], at[4], at[5]) : null;
    }

    /// <summary>The columns that a user names: <c>id,h,w,-,num_boxes,boxes,features</c>.</summary>
    /// <exception cref="InvalidInputException">A column that is needed is missing, or one stands twice.</exception>
    public static TsvColumns OfNames(string text)
    {
        var names = text.Split(',');
        return Parse(names, $"TSV of {Counted.Of(names.Length, "column")} as given", out var fault) ?? throw new InvalidInputException(fault!, field: "columns");
    }

    /// <summary>Recognises a file by its header line, or else by the first line that has the columns of a form.</summary>
    /// <param name="lines">A reader before the first line.</param>
    /// <param name="file">The file's name, for the error.</param>
    /// <param name="given">The columns that a user named, which count; null recognises them.</param>
    /// <param name="isHeader">Whether the first line names the columns instead of an image.</param>
    /// <exception cref="InvalidInputException">The first lines have other numbers of columns: it is another kind of file.</exception>
    public static TsvColumns Recognise(LineReader lines, string file, TsvColumns? given, out bool isHeader)
    {
        isHeader = false;
        string? first = null;
        for (var seen = 0; seen < MostLinesSeen && lines.TryReadLine(); seen++)
        {
            // A line that is too long may have been one of an image.
            if (lines.IsTooLong)
            {
                return given ?? BottomUp;
            }

            var line = lines.Line;
            if (seen == 0 && line.Length < 1024 && Parse(Encoding.UTF8.GetString(line).Split('\t'), "TSV with a header line", out _) is { } named)
            {
                isHeader = true;
                return given ?? named with { Form = $"TSV of {named.Count} columns, named by a header line" };
            }

            if (given is not null)
            {
                return given;
            }

            var columns = line.Count((byte)'\t') + 1;
            if (columns == Lxmert.Count || columns == BottomUp.Count)
            {
                return columns == Lxmert.Count ? Lxmert : BottomUp;
            }

            first ??= LineReader.IsBlank(line) ? null : string.Create(CultureInfo.InvariantCulture, $"line {seen + 1} has {Counted.Of(columns, "column")}: '{Start(line)}'");
        }

        return given ?? throw new InvalidInputException(
            $"no TSV file of features: {first ?? "its lines are blank"}; expected {BottomUp.Count} columns separated by tabs (bottom-up attention), {Lxmert.Count} (LXMERT), a header line with {Names[0][0]}, {Names[3][0]} and {Names[5][0]}, or other columns named by --columns (HTTP: columns)",
            file);
    }

    private static string Start(ReadOnlySpan<byte> line)
    {
        var text = new string([.. Encoding.UTF8.GetString(line[..Math.Min(line.Length, 60)]).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return line.Length > 60 ? text + "…" : text;
    }
}
