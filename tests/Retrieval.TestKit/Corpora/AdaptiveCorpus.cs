using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Features.Sources;

namespace Retrieval.TestKit.Corpora;

/// <summary>Images of different numbers of regions, as a detector with a threshold gives them, for <see cref="Repository.AnyRegionsBundle"/>. The same for the same row.</summary>
public static class AdaptiveCorpus
{
    /// <summary>The fewest regions that the bundle takes.</summary>
    public const int Fewest = 10;

    /// <summary>The most.</summary>
    public const int Most = 100;

    /// <summary>Features of a region.</summary>
    public const int Width = 64;

    /// <summary>Captions of an image.</summary>
    public const int CaptionsPerImage = 2;

    /// <summary>Regions of the image in a row: the most and the fewest first.</summary>
    public static int RegionsOf(int row) => row switch { 0 => Most, 1 => Fewest, _ => new Random(row).Next(Fewest, Most + 1) };

    /// <summary>Its id.</summary>
    public static string IdOf(int row) => string.Create(CultureInfo.InvariantCulture, $"adaptive-{row:D4}");

    /// <summary>One of its captions.</summary>
    public static string CaptionOf(int row, int place) => $"w{4 + (row % 50)} w{4 + (row * 7 % 50)} w{6 + place}";

    /// <summary>Features <c>[regions, Width]</c> of any image.</summary>
    public static float[] FeaturesOf(int row, int regions)
    {
        var random = new Random(1000 + row);
        return [.. Enumerable.Range(0, regions * Width).Select(_ => random.NextSingle() * 2)];
    }

    /// <summary>Features of the image in a row.</summary>
    public static float[] FeaturesOf(int row) => FeaturesOf(row, RegionsOf(row));

    /// <summary>The first images as a source without files.</summary>
    public static ListSource First(int count) => new([.. Enumerable.Range(0, count).Select(ImageOf)], "adaptive");

    /// <summary>A line of a detector's TSV file.</summary>
    public static string TsvLine(string id, int regions, float[] features) =>
        $"{id}\t640\t480\t{regions}\t{Encode([.. Enumerable.Range(0, regions * 4).Select(i => (float)i)])}\t{Encode(features)}";

    /// <summary>Writes <c>features.tsv</c> of the first images and of others, whose numbers of regions are given, and <c>captions.json</c> for all of them.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="count">How many images.</param>
    /// <param name="others">Regions of each further image, named <c>other-N</c>.</param>
    public static void WriteTsv(TemporaryFolder folder, int count, params int[] others)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(others);
        var images = Enumerable.Range(0, count).Select(row => (Id: IdOf(row), Line: TsvLine(IdOf(row), RegionsOf(row), FeaturesOf(row))))
            .Concat(others.Select(regions => (Id: $"other-{regions}", Line: TsvLine($"other-{regions}", regions, FeaturesOf(regions, regions)))))
            .ToList();
        folder.Write("features.tsv", string.Concat(images.Select(image => image.Line + "\n")));
        folder.Write("captions.json", JsonSerializer.Serialize(images.Select((image, row) => (image.Id, row)).ToDictionary(
            image => image.Id, image => Enumerable.Range(0, CaptionsPerImage).Select(place => CaptionOf(image.row, place)))));
    }

    private static ImageSample ImageOf(int row) => new(row, IdOf(row))
    {
        Regions = FeaturesOf(row),
        RegionCount = RegionsOf(row),
        RegionWidth = Width,
        Captions = [.. Enumerable.Range(0, CaptionsPerImage).Select(place => CaptionOf(row, place))],
    };

    private static string Encode(float[] values) => Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan()));
}
