using System.Text;
using Retrieval.Domain.Errors;

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
        return Parse(names, $"TSV of {names.Length} columns as given", out var fault) ?? throw new InvalidInputException(fault!, field: "columns");
    }

    /// <summary>Recognises a file by its first line.</summary>
    /// <param name="line">The line without its line break.</param>
    /// <param name="isHeader">Whether it names the columns instead of an image.</param>
    public static TsvColumns Recognise(ReadOnlySpan<byte> line, out bool isHeader)
    {
        isHeader = false;
        if (line.Length < 1024 && Parse(Encoding.UTF8.GetString(line).Split('\t'), "TSV with a header line", out _) is { } named)
        {
            isHeader = true;
            return named with { Form = $"TSV of {named.Count} columns, named by a header line" };
        }

        return line.Count((byte)'\t') == Lxmert.Count - 1 ? Lxmert : BottomUp;
    }
}
