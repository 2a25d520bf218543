using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.CrashHost;

/// <summary>
/// Recall and time of shortlists from a catalog, against an exact search in memory. <c>mixture</c> is like the embeddings
/// of images: 500 clusters of unequal size in a space of 48 dimensions whose variance falls off, turned into the full
/// width with a little noise, normalised. <c>gaussian</c> has no structure at all, which is the worst there is.
/// </summary>
internal static class ShortlistBench
{
    private const int Dimensions = 48;
    private const int Clusters = 500;
    private const int Queries = 200;
    private const int BatchRows = 2000;

    public static async Task RunAsync(string connection, string kind, int images, int width, int count)
    {
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = connection });
        await Migrator.MigrateAsync(catalog);
        var schema = new IndexSchema(new string('d', 64), "shortlist-bench", width, [new FieldSpec("v", ElementType.Int64, [1], Ragged: false)], []);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, $"{kind}-{images}-{width}", schema);
        (float[] Basis, float[] Middles, double[] Shares)? space = kind == "mixture" ? Space(width) : null;
        var embeddings = Vectors(new Random(1), space, images, width);
        var queries = Vectors(new Random(2), space, Queries, width);
        if (index.Epoch == 0)
        {
            await FillAsync(catalog, index, embeddings, width);
        }

        var clock = Stopwatch.StartNew();
        await ShortlistIndexes.BuildAsync(catalog, index, new ShortlistIndexOptions());
        Console.WriteLine($"{kind}, {images} x {width}: index built in {clock.Elapsed.TotalSeconds:F1} s");

        var pinned = GCHandle.Alloc(embeddings, GCHandleType.Pinned);
        var exact = new ExactShortlist(pinned.AddrOfPinnedObject(), images, width).FindMany(queries, count);
        foreach (var factor in new[] { 1, 1.5, 2, 3 })
        {
            await MeasureAsync(new VectorShortlist(catalog, new VectorShortlistOptions { EfFactor = factor }), factor, index, embeddings, queries, exact, count);
        }

        pinned.Free();
    }

    private static async Task MeasureAsync(VectorShortlist vectors, double factor, CatalogIndex index, float[] embeddings, float[] queries, ShortlistHit[][] exact, int count)
    {
        var width = index.Schema.EmbeddingWidth;
        var asked = count + Math.Max(16, count / 8);
        var times = new List<double>();
        double recall = 0;
        for (var query = -Queries; query < Queries; query++)
        {
            // The first round warms up: pages, plans, the code here.
            var vector = queries.AsMemory(Math.Abs(query) % Queries * width, width);
            var begun = Stopwatch.GetTimestamp();
            var hits = await vectors.FindAsync(CatalogItems.Images, index.IndexId, width, vector, asked, null, default);
            if (query < 0)
            {
                continue;
            }

            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            var best = hits.Select(hit => long.Parse(hit.ImageId, CultureInfo.InvariantCulture)).OrderByDescending(slot => Dot(vector.Span, embeddings.AsSpan((int)slot * width, width))).Take(count);
            recall += best.Intersect(exact[query].Select(hit => hit.Slot)).Count() / (double)count / Queries;
        }

        times.Sort();
        Console.WriteLine($"top {count}, ef factor {factor}: recall {recall:F4}, p50 {times[times.Count / 2]:F1} ms, p95 {times[times.Count * 95 / 100]:F1} ms");
    }

    private static async Task FillAsync(Catalog catalog, CatalogIndex index, float[] embeddings, int width)
    {
        await using var writer = new CatalogImages(catalog, index);
        for (var first = 0; first < embeddings.Length / width; first += BatchRows)
        {
            var rows = Math.Min(BatchRows, (embeddings.Length / width) - first);
            await writer.PutAsync(new ImageRows
            {
                Images = [.. Enumerable.Range(first, rows).Select(i => new ImageEntry(i.ToString(CultureInfo.InvariantCulture), SHA256.HashData(BitConverter.GetBytes(i)), []))],
                ImageFields = new FieldRows
                {
                    Embedding = RowBytes.Of<float>(embeddings.AsMemory(first * width, rows * width)),
                    Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["v"] = new byte[rows * sizeof(long)] },
                },
            });
        }
    }

    private static (float[] Basis, float[] Middles, double[] Shares) Space(int width)
    {
        var random = new Random(7);
        var middles = Enumerable.Range(0, Clusters * Dimensions).Select(i => Gaussian(random) * Spread(i % Dimensions)).ToArray();
        var shares = Enumerable.Range(0, Clusters).Select(_ => -Math.Log(1 - random.NextDouble())).ToArray();
        var sum = shares.Sum();
        double upTo = 0;
        return (Enumerable.Range(0, width * Dimensions).Select(_ => Gaussian(random) / MathF.Sqrt(width)).ToArray(), middles, [.. shares.Select(share => upTo += share / sum)]);
    }

    private static float[] Vectors(Random random, (float[] Basis, float[] Middles, double[] Shares)? space, int count, int width)
    {
        var vectors = new float[count * width];
        var point = new float[Dimensions];
        for (var i = 0; i < count; i++)
        {
            var vector = vectors.AsSpan(i * width, width);
            if (space is { } s)
            {
                var place = Array.BinarySearch(s.Shares, random.NextDouble());
                var cluster = Math.Min(place < 0 ? ~place : place, Clusters - 1);
                for (var d = 0; d < Dimensions; d++)
                {
                    point[d] = s.Middles[(cluster * Dimensions) + d] + (0.7f * Gaussian(random) * Spread(d));
                }

                for (var w = 0; w < width; w++)
                {
                    vector[w] = Dot(point, s.Basis.AsSpan(w * Dimensions, Dimensions)) + (0.02f * Gaussian(random));
                }
            }
            else
            {
                for (var w = 0; w < width; w++)
                {
                    vector[w] = Gaussian(random);
                }
            }

            var norm = MathF.Sqrt(Dot(vector, vector));
            for (var w = 0; w < width; w++)
            {
                vector[w] /= norm;
            }
        }

        return vectors;
    }

    private static float Spread(int dimension) => MathF.Pow(dimension + 1, -0.35f);

    private static float Gaussian(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
