using System.Globalization;

namespace Retrieval.Bench.Sources;

/// <summary>Images of random features, the same in every form of a source.</summary>
/// <param name="count">How many.</param>
/// <param name="regions">Regions of each.</param>
/// <param name="width">Features of a region.</param>
internal sealed class SampleImages(int count, int regions, int width)
{
    public const int CaptionsPerImage = 2;
    public const int PictureWidth = 640;
    public const int PictureHeight = 480;

    private static readonly string[] Colours = ["red", "green", "blue", "yellow", "grey"];
    private static readonly string[] Shapes = ["cube", "star", "sphere", "cone", "ring", "cross", "disc"];

    public int Count => count;

    public int Regions => regions;

    public int Width => width;

    /// <summary>The id of an image, as it is the name of a picture.</summary>
    public static string Id(int row) => string.Create(CultureInfo.InvariantCulture, $"shape-{row:D6}.jpg");

    /// <summary>A caption of an image.</summary>
    public static string Caption(int row, int position) =>
        $"a {Colours[row % Colours.Length]} {Shapes[row % Shapes.Length]}{(position == 0 ? "" : $" next to a {Shapes[(row + position) % Shapes.Length]}")}";

    /// <summary>All captions of an image.</summary>
    public static IEnumerable<string> Captions(int row) => Enumerable.Range(0, CaptionsPerImage).Select(position => Caption(row, position));

    /// <summary>Metadata of an image, one line of JSON.</summary>
    public static string Metadata(int row) => string.Create(CultureInfo.InvariantCulture, $$"""{"year": {{2000 + (row % 25)}}, "album": "{{Shapes[row % Shapes.Length]}}", "public": {{(row % 2 == 0 ? "true" : "false")}}}""");

    /// <summary>Features of an image, <c>[regions, width]</c>: non-negative and mostly small, like those of detectors.</summary>
    public float[] Features(int row)
    {
        var random = new Random(row);
        var values = new float[regions * width];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = RandomInputs.Feature(random);
        }

        return values;
    }

    /// <summary>Boxes of an image, <c>[regions, 4]</c>: a grid of six columns over the picture.</summary>
    public float[] Boxes()
    {
        const int Columns = 6;
        const int Size = 80;
        return [.. Enumerable.Range(0, regions).SelectMany(region =>
        {
            var (x, y) = (region % Columns * Size, region / Columns * Size);
            return new float[] { x, y, x + Size, y + Size };
        })];
    }
}
