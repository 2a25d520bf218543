using System.Diagnostics;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Bench.Catalogs;

/// <summary>
/// Measures the catalog: storing batches, a replica's first copy, the delay until a replica sees a change, and the shortlist. It
/// creates its own indexes and drops them; the files of replicas are in the temporary folder.
/// </summary>
internal sealed class CatalogBench(Catalog catalog, CatalogBenchOptions options)
{
    public async Task<CatalogBenchReport> RunAsync(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("retrieval-bench-");
        var name = $"bench-{Guid.NewGuid():n}"[..16];
        try
        {
            var (store, fetch, lag) = options.Images == 0 ? (null, null, null) : await TransferAsync(name, folder.FullName, progress, cancellationToken).ConfigureAwait(false);
            var shortlist = options.Vectors == 0 ? null : await new ShortlistBench(catalog, options).RunAsync($"{name}-v", progress, cancellationToken).ConfigureAwait(false);
            return new CatalogBenchReport(Machine.Current(), options, store, fetch, lag, shortlist);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<(TransferReport Store, TransferReport Fetch, Samples? Lag)> TransferAsync(string name, string folder, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var corpus = new BenchCorpus(options);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, name, corpus.Schema, cancellationToken).ConfigureAwait(false);
        try
        {
            var store = await StoreAsync(index, corpus, progress, cancellationToken).ConfigureAwait(false);
            var follower = new CatalogFollower(
                catalog, new FollowerOptions { CacheFolder = folder, IndexName = name, Streams = options.Streams }, new Dictionary<string, IndexSchema> { [corpus.Schema.Fingerprint] = corpus.Schema });
            await using (follower.ConfigureAwait(false))
            {
                var fetch = await FetchAsync(follower, corpus, progress, cancellationToken).ConfigureAwait(false);
                var lag = options.LagSamples == 0 ? null : await LagAsync(index, follower, corpus, progress, cancellationToken).ConfigureAwait(false);
                return (store, fetch, lag);
            }
        }
        finally
        {
            await CatalogIndexes.DropAsync(catalog, name, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<TransferReport> StoreAsync(CatalogIndex index, BenchCorpus corpus, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var ingestion = await CatalogIngestion.BeginAsync(catalog, index, new IngestionClaim("bench", "1", options.Batch, Environment.MachineName), new CatalogRetry(), cancellationToken).ConfigureAwait(false);
        await using (ingestion.ConfigureAwait(false))
        {
            var began = Stopwatch.GetTimestamp();
            for (var first = 0; first < options.Images; first += options.Batch)
            {
                var count = Math.Min(options.Batch, options.Images - first);
                await ingestion.StoreAsync(new IngestionBatch(first + count, corpus.Rows(first, count), 0, [], Replace: false), cancellationToken).ConfigureAwait(false);
                progress.Report(("store", (double)(first + count) / options.Images));
            }

            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            await ingestion.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return new TransferReport(options.Images, options.Images * corpus.BytesPerImage, seconds, PeakResident());
        }
    }

    private async Task<TransferReport> FetchAsync(CatalogFollower follower, BenchCorpus corpus, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        FollowStep step;
        do
        {
            step = await follower.StepAsync(new Share(progress), cancellationToken).ConfigureAwait(false);
        }
        while (step.More);
        return step.Index is null
            ? throw new InvalidOperationException($"the index was not copied: {step.Refusal}")
            : new TransferReport(options.Images, options.Images * corpus.BytesPerImage, Stopwatch.GetElapsedTime(began).TotalSeconds, PeakResident());
    }

    // The replica polls at an interval, like a server's; writes come at any moment between two polls.
    private async Task<Samples> LagAsync(CatalogIndex index, CatalogFollower follower, BenchCorpus corpus, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long seen = 0;
        var following = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var step = await follower.StepAsync(null, CancellationToken.None).ConfigureAwait(false);
                Interlocked.Exchange(ref seen, step.Index?.Epoch ?? 0);
                await Task.Delay(options.FollowMs, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }, CancellationToken.None);
        var images = new CatalogImageWriter(catalog, index);
        await using (images.ConfigureAwait(false))
        {
            var random = new Random(1);
            var lags = new List<double>();
            for (var sample = 0; sample < options.LagSamples; sample++)
            {
                await Task.Delay(random.Next(options.FollowMs + 1), cancellationToken).ConfigureAwait(false);
                var epoch = await images.PutAsync(corpus.Rows(options.Images + sample, 1), cancellationToken).ConfigureAwait(false);
                var written = Stopwatch.GetTimestamp();
                while (Interlocked.Read(ref seen) < epoch && !following.IsCompleted)
                {
                    await Task.Delay(1, cancellationToken).ConfigureAwait(false);
                }

                lags.Add(Stopwatch.GetElapsedTime(written).TotalSeconds);
                progress.Report(("lag", (double)(sample + 1) / options.LagSamples));
            }

            await stop.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(false);
            return Samples.Of(lags);
        }
    }

    private static long PeakResident()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private sealed class Share(IProgress<(string Stage, double Done)> progress) : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value) => progress.Report(("fetch", value.TotalRows == 0 ? 1 : (double)value.Rows / value.TotalRows));
    }
}
