namespace Retrieval.Server.Tests.Hosting;

/// <summary>Images of the corpus as the files of a precomputed split.</summary>
internal static class SplitFiles
{
    public const string Split = TestKit.Corpora.Corpus.Split;

    /// <summary>Writes a split of the first images, every fault-th of them without words, to be rejected.</summary>
    public static string Write(string folder, int count, int fault = int.MaxValue)
    {
        Directory.CreateDirectory(folder);
        new TestKit.Corpora.Corpus
        {
            Regions = [.. Enumerable.Range(0, count).Select(Corpus.RegionsOf)],
            Ids = [.. Enumerable.Range(0, count).Select(row => $"split-{row:D4}")],
            Captions = [.. Enumerable.Range(0, count).Select(row => new[] { row % fault == fault - 1 ? "a\0b" : Corpus.CaptionOf(row, 0) })],
        }.Write(folder);
        return folder;
    }

    /// <summary>Writes metadata of all images of a split, and gives the file.</summary>
    public static string WriteMetadata(string folder, int count)
    {
        var path = Path.Combine(folder, $"{Split}_metadata.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(row => $$"""{"year": {{2000 + row}}}"""));
        return path;
    }

    /// <summary>The body that asks for its ingestion.</summary>
    public static string Order(string folder, string more = "") => $$"""{ "source": { "folder": "{{folder}}", "split": "{{Split}}" }{{more}} }""";
}
