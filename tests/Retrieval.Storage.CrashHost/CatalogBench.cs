using System.Diagnostics;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Storage.CrashHost;

/// <summary>Measures how fast batches are stored: records of 36 × 1024 float32 and five captions of 14 words × 1024 float16 an image.</summary>
internal static class CatalogBench
{
    private const int Captions = 5;
    private const int Words = 14;

    public static async Task RunAsync(string connectionString, int images, int batchRows, int width)
    {
        var schema = new IndexSchema(
            new string('b', 64), "bench", width,
            [new FieldSpec("v", ElementType.Float32, [36, 1024], Ragged: false)],
            [new FieldSpec("w", ElementType.Float16, [1024], Ragged: true)]);
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = connectionString });
        await Migrator.MigrateAsync(catalog);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, $"bench-{Guid.NewGuid():n}", schema);
        await using var run = await CatalogIngestion.BeginAsync(catalog, index, new IngestionClaim("bench", "1", batchRows, "bench"), new CatalogRetry());
        var tensors = (
            Images: Rows(batchRows, width, "v", 36 * 1024 * 4, []),
            Captions: Rows(batchRows * Captions, width, "w", Words * 1024 * 2, [.. Enumerable.Repeat(Words, batchRows * Captions)]));
        var bytes = Bytes(tensors.Images) + Bytes(tensors.Captions);
        var times = new List<double>();
        var cpu = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        for (var row = 0; row < images; row += batchRows)
        {
            var entries = Enumerable.Range(row, batchRows)
                .Select(i => new ImageEntry($"image-{i:D8}", new byte[32], [.. Enumerable.Range(0, Captions).Select(c => $"caption {c} of image {i} has a dozen words or so of text")]) { Metadata = """{"city":"Ulm","year":1990}"""u8.ToArray() })
                .ToList();
            var rows = new ImageRows { Images = entries, ImageFields = tensors.Images, CaptionFields = tensors.Captions, SourceKey = "bench" };
            var start = Stopwatch.GetTimestamp();
            await run.StoreAsync(new IngestionBatch(row + batchRows, rows, 0, [], false));
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await run.CompleteAsync();
        times.Sort();
        Console.WriteLine($"{images} images of {bytes / batchRows} bytes, {batchRows} a batch, E={width}: {(double)bytes * images / batchRows / 1e6 / seconds:F1} MB/s, {images / seconds:F0} images/s; a batch p50 {times[times.Count / 2]:F0} ms, max {times[^1]:F0} ms; {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:F1} s of this process's CPU in {seconds:F1} s");
    }

    private static FieldRows Rows(int items, int width, string field, int bytes, int[] lengths)
    {
        var random = new Random(1);
        var embedding = new float[items * width];
        foreach (ref var value in embedding.AsSpan())
        {
            value = random.NextSingle() - 0.5f;
        }

        var record = new byte[items * bytes];
        random.NextBytes(record);
        return new FieldRows { Embedding = RowBytes.Of(embedding), Fields = new Dictionary<string, ReadOnlyMemory<byte>> { [field] = record }, Lengths = lengths };
    }

    private static long Bytes(FieldRows rows) => rows.Embedding.Length + rows.Fields.Values.Sum(field => (long)field.Length);
}
