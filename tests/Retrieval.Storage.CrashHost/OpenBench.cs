using System.Diagnostics;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.CrashHost;

/// <summary>What each followed generation costs a replica before its first query: opening, and the table of ids.</summary>
internal static class OpenBench
{
    private const int Batch = 10_000;
    private const int Changed = 100;
    private const int Rounds = 5;

    private static readonly IndexSchema schema = new(new string('o', 64), "open", 4, [], [new FieldSpec("w", ElementType.Float16, [1], Ragged: true)]);

    public static async Task RunAsync(string path, int images)
    {
        using var writer = LocalIndexWriter.OpenOrCreate(path, schema);
        for (var first = (int)writer.Slots; first < images; first += Batch)
        {
            writer.Append(Rows(first, Math.Min(Batch, images - first)));
        }

        await writer.CommitAsync();
        var former = Open(path, null, "first generation");
        for (var round = 0; round < Rounds; round++)
        {
            writer.Append(Rows(round * 1000, Changed));
            await writer.CommitAsync();
            Open(path, null, "next, from nothing").Dispose();
            var next = Open(path, former, "next, from the former");
            former.Dispose();
            former = next;
        }

        former.Dispose();
    }

    private static LocalIndex Open(string path, LocalIndex? former, string what)
    {
        var began = Stopwatch.GetTimestamp();
        var index = LocalIndex.Open(path, schema, former);
        var opened = Stopwatch.GetTimestamp();
        index.PrepareLookups();
        Console.WriteLine(
            $"{what}: {index.Images.Slots} images, {index.Captions.Slots} captions: opened in {Stopwatch.GetElapsedTime(began, opened).TotalMilliseconds:F1} ms, ids in {Stopwatch.GetElapsedTime(opened).TotalMilliseconds:F1} ms");
        return index;
    }

    // Two captions of three words each.
    private static ImageRows Rows(int first, int count) => new()
    {
        Images = [.. Enumerable.Range(first, count).Select(i => new ImageEntry($"image-{i:D9}.jpg", new byte[32], ["one", "two"]))],
        ImageFields = new FieldRows { Embedding = new byte[count * 16], Fields = new Dictionary<string, ReadOnlyMemory<byte>>() },
        CaptionFields = new FieldRows
        {
            Embedding = new byte[count * 32],
            Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["w"] = new byte[count * 12] },
            Lengths = Enumerable.Repeat(3, 2 * count).ToArray(),
        },
    };
}
