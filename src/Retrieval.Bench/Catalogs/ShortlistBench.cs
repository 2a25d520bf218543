using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Bench.Catalogs;

/// <summary>
/// Compares the shortlist of pgvector with the exact one, over vectors with minimal records. The queries are the captions of some
/// images, drawn from the same mixture and not constructed to be near any image.
/// </summary>
internal sealed class ShortlistBench(Catalog catalog, CatalogBenchOptions options)
{
    private const int Batch = 1024;
    private const int Seed = 17;
    private const int StoredStream = 0;
    private const int QueryStream = 1;

    public async Task<ShortlistReport> RunAsync(string name, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var one = new FieldSpec("x", ElementType.Float32, [1], Ragged: false);
        var schema = new IndexSchema(new string('b', 64), "bench", options.VectorWidth, [one], [one]);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, name, schema, cancellationToken).ConfigureAwait(false);
        try
        {
            var mixture = new EmbeddingMixture(options.VectorWidth, Seed);
            var began = Stopwatch.GetTimestamp();
            await StoreAsync(index, mixture, progress, cancellationToken).ConfigureAwait(false);
            var stored = Stopwatch.GetTimestamp();
            await ShortlistIndexes.BuildAsync(catalog, index, null, cancellationToken).ConfigureAwait(false);
            var built = Stopwatch.GetTimestamp();

            // One run to warm the server's cache and the plans.
            await CatalogRecall.MeasureAsync(catalog, index, CatalogItems.Images, options.Shortlist, Math.Min(10, options.Queries), Seed, null, cancellationToken).ConfigureAwait(false);
            var recall = await CatalogRecall.MeasureAsync(catalog, index, CatalogItems.Images, options.Shortlist, options.Queries, Seed + 1, null, cancellationToken).ConfigureAwait(false);
            progress.Report(("shortlist", 1));
            return new ShortlistReport(mixture.Describe(), Stopwatch.GetElapsedTime(began, stored).TotalSeconds, Stopwatch.GetElapsedTime(stored, built).TotalSeconds, recall, LocalExact(mixture))
            {
                Factors = await FactorsAsync(index, progress, cancellationToken).ConfigureAwait(false),
            };
        }
        finally
        {
            await CatalogIndexes.DropAsync(catalog, name, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // The same queries for each factor, over the same index.
    private async Task<IReadOnlyList<FactorReport>?> FactorsAsync(CatalogIndex index, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var factors = new List<FactorReport>();
        foreach (var factor in options.EfFactors)
        {
            var looking = new VectorShortlistOptions { EfFactor = factor };
            if (await CatalogRecall.MeasureAsync(catalog, index, CatalogItems.Images, options.Shortlist, options.Queries, Seed + 1, looking, cancellationToken).ConfigureAwait(false) is { } recall)
            {
                factors.Add(new FactorReport(factor, recall));
                progress.Report(("candidates", (double)factors.Count / options.EfFactors.Count));
            }
        }

        return factors.Count == 0 ? null : factors;
    }

    private Samples LocalExact(EmbeddingMixture mixture)
    {
        var vectors = mixture.Vectors(StoredStream, 0, options.Vectors);
        var queries = mixture.Vectors(QueryStream, 0, options.Queries);
        var times = new List<double>();
        var pinned = GCHandle.Alloc(vectors, GCHandleType.Pinned);
        try
        {
            var shortlist = new ExactShortlist(pinned.AddrOfPinnedObject(), options.Vectors, options.VectorWidth);
            for (var query = 0; query < options.Queries; query++)
            {
                var began = Stopwatch.GetTimestamp();
                shortlist.Find(queries.AsMemory(query * options.VectorWidth, options.VectorWidth), options.Shortlist);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }
        finally
        {
            pinned.Free();
        }

        return Samples.Of(times);
    }

    private async Task StoreAsync(CatalogIndex index, EmbeddingMixture mixture, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var every = Math.Max(1, options.Vectors / Math.Max(1, 4 * options.Queries));
        var ingestion = await CatalogIngestion.BeginAsync(catalog, index, new IngestionClaim("vectors", "1", Batch, Environment.MachineName), new CatalogRetry(), cancellationToken).ConfigureAwait(false);
        await using (ingestion.ConfigureAwait(false))
        {
            for (var first = 0; first < options.Vectors; first += Batch)
            {
                var count = Math.Min(Batch, options.Vectors - first);
                await ingestion.StoreAsync(new IngestionBatch(first + count, Rows(mixture, first, count, every), 0, [], Replace: false), cancellationToken).ConfigureAwait(false);
                progress.Report(("store vectors", (double)(first + count) / options.Vectors));
            }

            await ingestion.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static ImageRows Rows(EmbeddingMixture mixture, int first, int count, int every)
    {
        var asking = Enumerable.Range(first, count).Count(number => number % every == 0);
        var firstQuery = (first + every - 1) / every;
        return new ImageRows
        {
            SourceKey = "vectors",
            Images = [.. Enumerable.Range(first, count).Select(number => new ImageEntry(number.ToString("d9", CultureInfo.InvariantCulture), Hash(number), number % every == 0 ? ["query"] : []))],
            ImageFields = Fields(mixture.Vectors(StoredStream, first, count), count),
            CaptionFields = asking == 0 ? FieldRows.Empty : Fields(mixture.Vectors(QueryStream, firstQuery, asking), asking),
        };
    }

    private static FieldRows Fields(float[] vectors, int count) =>
        new() { Embedding = RowBytes.Of(vectors), Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["x"] = RowBytes.Of(new float[count]) } };

    private static byte[] Hash(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return SHA256.HashData(bytes);
    }
}
