using System.Globalization;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Tests;

/// <summary>
/// Generated images with captions, the same for the same seed: as samples in memory, and as the real files of a
/// precomputed split.
/// </summary>
internal sealed class Corpus
{
    public const string Split = "made";

    public static string[] Words { get; } =
        ["a", "man", "woman", "dog", "cat", "red", "blue", "street", "two", "with", "on", "the", "zzyzx"];

    public required float[][] Regions { get; init; }

    public required string[] Ids { get; init; }

    public required string[][] Captions { get; init; }

    public required string?[] Metadata { get; init; }

    public int Count => Ids.Length;

    public string[] AllCaptions => [.. Captions.SelectMany(captions => captions)];

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
        };
    }

    public static float[] RandomRegions(Random random)
    {
        var regions = new float[Bundle.Regions * Bundle.Width];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = random.NextSingle();
        }

        return regions;
    }

    public static string RandomCaption(Random random) =>
        string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => Words[random.Next(Words.Length)]));

    /// <summary>Gives all images ids of their own.</summary>
    public void Rename(string prefix)
    {
        for (var i = 0; i < Count; i++)
        {
            Ids[i] = prefix + Ids[i];
        }
    }

    /// <summary>Writes the files of the split.</summary>
    public void Write(string folder)
    {
        NpyWriter.Write(Path.Combine(folder, $"{Split}_ims.npy"), Regions.SelectMany(values => values).ToArray(), Count, Bundle.Regions, Bundle.Width);
        NpyWriter.Write(Path.Combine(folder, $"{Split}_boxes.npy"), [.. Enumerable.Range(0, Count * Bundle.Regions * 4).Select(i => (float)i)], Count, Bundle.Regions, 4);
        File.WriteAllLines(Path.Combine(folder, $"{Split}_caps.txt"), AllCaptions);
        File.WriteAllLines(Path.Combine(folder, $"{Split}_ids.txt"), Ids);
        File.WriteAllLines(Path.Combine(folder, $"{Split}_metadata.jsonl"), Metadata.Select(line => line ?? "{}"));
    }

    public static PrecomputedSplitSource Open(string folder) => PrecomputedSplitSource.Open(folder, Split, Bundle.Expectation);

    /// <summary>The same as samples, without files.</summary>
    public ListSource AsSource(string stamp = "1") => new([.. Enumerable.Range(0, Count).Select(row => new ImageSample(row, Ids[row])
    {
        Regions = Regions[row],
        RegionCount = Bundle.Regions,
        RegionWidth = Bundle.Width,
        Captions = Captions[row],
    })], stamp);
}
