using System.Globalization;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;

namespace Retrieval.TestKit.Corpora;

/// <summary>
/// Images with captions in the shape that the fixture bundles take: as samples in memory, and as the real files of a
/// precomputed split.
/// </summary>
public sealed class Corpus
{
    /// <summary>Name of the split, unless another is given.</summary>
    public const string Split = "made";

    /// <summary>Regions of an image.</summary>
    public const int RegionCount = 36;

    /// <summary>Features of a region.</summary>
    public const int RegionWidth = 64;

    /// <summary>What captions of <see cref="Make"/> are made of; the last is in no vocabulary.</summary>
    public static string[] Words { get; } =
        ["a", "man", "woman", "dog", "cat", "red", "blue", "street", "two", "with", "on", "the", "zzyzx"];

    /// <summary>Features of each image, <c>[RegionCount, RegionWidth]</c>, row-major.</summary>
    public required float[][] Regions { get; init; }

    /// <summary>Id of each image.</summary>
    public required string[] Ids { get; init; }

    /// <summary>Captions of each image.</summary>
    public required string[][] Captions { get; init; }

    /// <summary>Metadata of each image as JSON; null writes no such file.</summary>
    public string?[]? Metadata { get; init; }

    /// <summary>Whether the split has a file of boxes.</summary>
    public bool HasBoxes { get; init; }

    /// <summary>How many images there are.</summary>
    public int Count => Ids.Length;

    /// <summary>The captions of all images, in order.</summary>
    public string[] AllCaptions => [.. Captions.SelectMany(captions => captions)];

    /// <summary>Images at random, the same for the same seed, with metadata for filters and with boxes.</summary>
    public static Corpus Make(int images, int captionsPerImage, int seed)
    {
        var random = new Random(seed);
        return new Corpus
        {
            Regions = [.. Enumerable.Range(0, images).Select(_ => RandomRegions(random))],
            Ids = [.. Enumerable.Range(0, images).Select(i => string.Create(CultureInfo.InvariantCulture, $"img#{i:D4}"))],
            Captions = [.. Enumerable.Range(0, images).Select(_ => Enumerable.Range(0, captionsPerImage).Select(_ => RandomCaption(random)).ToArray())],
            Metadata = [.. Enumerable.Range(0, images).Select(i => i % 5 == 4 ? "{}" : string.Create(
                CultureInfo.InvariantCulture, $$"""{"year": {{2000 + (i % 4)}}, "indoor": {{(i % 2 == 0 ? "true" : "false")}}, "place": "{{(i % 3 == 0 ? "Bonn" : "Köln")}}"}"""))],
            HasBoxes = true,
        };
    }

    /// <summary>Features of one image, each in [0, 1).</summary>
    public static float[] RandomRegions(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var regions = new float[RegionCount * RegionWidth];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = random.NextSingle();
        }

        return regions;
    }

    /// <summary>A caption of 1 to 14 words.</summary>
    public static string RandomCaption(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => Words[random.Next(Words.Length)]));
    }

    /// <summary>Opens what <see cref="Write"/> has written.</summary>
    public static PrecomputedSplitSource Open(string folder) =>
        PrecomputedSplitSource.Open(folder, Split, new FeatureExpectation { RegionCount = RegionCount, RegionWidth = RegionWidth });

    /// <summary>Gives all images ids of their own.</summary>
    public void Rename(string prefix)
    {
        for (var i = 0; i < Count; i++)
        {
            Ids[i] = prefix + Ids[i];
        }
    }

    /// <summary>Writes the files of the split.</summary>
    public void Write(string folder, string split = Split)
    {
        NpyWriter.Write(Path.Combine(folder, $"{split}_ims.npy"), Regions.SelectMany(values => values).ToArray(), Count, RegionCount, RegionWidth);
        File.WriteAllLines(Path.Combine(folder, $"{split}_caps.txt"), AllCaptions);
        File.WriteAllLines(Path.Combine(folder, $"{split}_ids.txt"), Ids);
        if (HasBoxes)
        {
            NpyWriter.Write(Path.Combine(folder, $"{split}_boxes.npy"), [.. Enumerable.Range(0, Count * RegionCount * 4).Select(i => (float)i)], Count, RegionCount, 4);
        }

        if (Metadata is not null)
        {
            File.WriteAllLines(Path.Combine(folder, $"{split}_metadata.jsonl"), Metadata.Select(line => line ?? "{}"));
        }
    }

    /// <summary>The same as samples, without files, boxes and metadata.</summary>
    public ListSource AsSource(string stamp = "1") => new([.. Enumerable.Range(0, Count).Select(row => new ImageSample(row, Ids[row])
    {
        Regions = Regions[row],
        RegionCount = RegionCount,
        RegionWidth = RegionWidth,
        Captions = Captions[row],
    })], stamp);
}
