using Retrieval.Features.Npy;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Images of the corpus as the files of a precomputed split.</summary>
internal static class SplitFiles
{
    public const string Split = "made";

    /// <summary>Writes a split of the first images, every fault-th of them without words, to be rejected.</summary>
    public static string Write(string folder, int count, int fault = int.MaxValue)
    {
        Directory.CreateDirectory(folder);
        float[] regions = [.. Enumerable.Range(0, count).SelectMany(Corpus.RegionsOf)];
        NpyWriter.Write(Path.Combine(folder, $"{Split}_ims.npy"), regions, count, Image.Regions, Image.Width);
        File.WriteAllLines(Path.Combine(folder, $"{Split}_ids.txt"), Enumerable.Range(0, count).Select(row => $"split-{row:D4}"));
        File.WriteAllLines(Path.Combine(folder, $"{Split}_caps.txt"), Enumerable.Range(0, count).Select(row => row % fault == fault - 1 ? "a\0b" : Corpus.CaptionOf(row, 0)));
        return folder;
    }

    /// <summary>The body that asks for its ingestion.</summary>
    public static string Order(string folder, string more = "") => $$"""{ "source": { "folder": "{{folder}}", "split": "{{Split}}" }{{more}} }""";
}
