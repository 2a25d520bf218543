using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// The bulk job: source → windows → encoders → local index, each stage working while the next one does, with bounded
/// queues between them, so that memory does not grow with the source. Progress is committed together with the rows, so
/// a killed run goes on at the row where its index ends; and since images are compared by content, running it again
/// changes nothing.
/// </summary>
public sealed class IngestionJob(MatchingModel model, IngestionOptions options, TimeProvider time)
{
    private const int WindowsInFlight = 2;

    /// <summary>Ingests a source into the index in a folder.</summary>
    /// <param name="source">Where the images come from.</param>
    /// <param name="indexPath">The index's folder; made if it is not there.</param>
    /// <param name="progress">Told after every window.</param>
    /// <param name="cancellationToken">Stops after the window at hand; what is committed stays.</param>
    /// <exception cref="RetrievalException">The index is locked, of another bundle or damaged, or the source broke off.</exception>
    public async Task<IngestionReport> RunAsync(IFeatureSource source, string indexPath, IProgress<IngestionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchRows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.BatchRows, IngestionOptions.MostBatchRows);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CommitRows, 1);
        if (options.DryRun)
        {
            return Validate(source, progress, cancellationToken);
        }

        using var writer = LocalIndexWriter.OpenOrCreate(indexPath, IndexBinding.SchemaOf(model));
        var ledger = Resume(writer, source);
        if (ledger.NextRow == 0 && writer.Ledger.TryGetValue(options.SourceKey, out var earlier) && earlier != ledger)
        {
            // Before the earlier run's rejects are cut off: a kill from here on goes on with this run, not behind that one.
            await writer.CommitAsync([ledger], cancellationToken).ConfigureAwait(false);
        }

        using var rejects = new RejectsFile(RejectsPath(indexPath), ledger.RejectsBytes);
        using var run = new IngestionRun(writer, rejects, ledger, new ProgressMeter(time, ledger.NextRow, source.RowCount), progress);

        // If one stage fails, the others must not wait for it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var windows = Channel.CreateBounded<SampleWindow>(WindowsInFlight);
        var encoded = Channel.CreateBounded<EncodedWindow>(WindowsInFlight);
        try
        {
            await RunStagesAsync(stop, [
                () => ReadAsync(source, ledger, windows.Writer, stop.Token),
                () => EncodeAsync(source, windows.Reader, encoded.Writer, run, stop.Token),
                () => StoreAsync(encoded.Reader, run, stop.Token),
            ]).ConfigureAwait(false);
        }
        finally
        {
            // What a failure left between the stages holds native memory.
            while (encoded.Reader.TryRead(out var left))
            {
                left.Rows?.Dispose();
            }
        }

        await run.CommitAsync(completed: true, cancellationToken).ConfigureAwait(false);
        return new IngestionReport(run.Meter.Now(), ledger.NextRow, writer.Generation, rejects.Path, run.FirstRejects);
    }

    private static async Task RunStagesAsync(CancellationTokenSource stop, IReadOnlyList<Func<Task>> stages)
    {
        // The first cause, not a cancellation that followed from it.
        Exception? cause = null;
        var tasks = stages.Select(stage => Task.Run(async () =>
        {
            try
            {
                await stage().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref cause, exception, null);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }));
        await Task.WhenAll(tasks).ConfigureAwait(false);
        if (cause is not null)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
    }

    private static async Task ReadAsync(IFeatureSource source, LedgerEntry start, ChannelWriter<SampleWindow> windows, CancellationToken cancellationToken)
    {
        foreach (var window in SampleWindow.Cut(source, start.NextRow, start.BatchRows))
        {
            await windows.WriteAsync(window, cancellationToken).ConfigureAwait(false);
        }

        windows.Complete();
    }

    private async Task EncodeAsync(IFeatureSource source, ChannelReader<SampleWindow> windows, ChannelWriter<EncodedWindow> encoded, IngestionRun run, CancellationToken cancellationToken)
    {
        var encoder = new SampleEncoder(model);
        await foreach (var window in windows.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var samples = Accept(encoder, source, window);
            int known;
            using (await run.HoldWriterAsync(cancellationToken).ConfigureAwait(false))
            {
                known = Sift(run.Writer, source, samples, window.Rejects);
            }

            var rows = encoder.Encode(samples, options.SourceKey, window.Rejects, cancellationToken);
            try
            {
                await encoded.WriteAsync(new EncodedWindow(window, rows, known), cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                rows?.Dispose();
                throw;
            }
        }

        encoded.Complete();
    }

    private async Task StoreAsync(ChannelReader<EncodedWindow> encoded, IngestionRun run, CancellationToken cancellationToken)
    {
        await foreach (var window in encoded.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            using (window.Rows)
            {
                await run.StoreAsync(window, cancellationToken).ConfigureAwait(false);
            }

            if (window.Window.EndRow - run.CommittedRow >= options.CommitRows)
            {
                await run.CommitAsync(completed: false, cancellationToken).ConfigureAwait(false);
            }

            run.Progress?.Report(run.Meter.Now());
        }
    }

    private static List<TokenizedSample> Accept(SampleEncoder encoder, IFeatureSource source, SampleWindow window)
    {
        var samples = new List<TokenizedSample>(window.Samples.Count);
        foreach (var sample in window.Samples)
        {
            if (encoder.Tokenize(sample, out var reason) is { } tokenized)
            {
                samples.Add(tokenized);
            }
            else
            {
                window.Rejects.Add(new RejectedSample(source.Name, sample.Row, sample.Id, reason!));
            }
        }

        return samples;
    }

    /// <summary>Takes out the samples that the index holds unchanged, and those whose id another source holds.</summary>
    /// <returns>How many are unchanged.</returns>
    private int Sift(LocalIndexWriter writer, IFeatureSource source, List<TokenizedSample> samples, List<RejectedSample> rejects)
    {
        var unchanged = 0;
        samples.RemoveAll(tokenized =>
        {
            var sample = tokenized.Sample;
            if (writer.Find(sample.Id) is not { } stored)
            {
                return false;
            }

            if (stored.ContentHash.Span.SequenceEqual(tokenized.ContentHash))
            {
                unchanged++;
                return true;
            }

            if (options.Replace || stored.SourceKey is not { } owner || owner == options.SourceKey)
            {
                return false;
            }

            rejects.Add(new RejectedSample(source.Name, sample.Row, sample.Id, $"id '{sample.Id}' is already held by another source, {owner}; use --replace to put this image in its place"));
            return true;
        });
        return unchanged;
    }

    private LedgerEntry Resume(LocalIndexWriter writer, IFeatureSource source) =>
        !options.Restart && writer.Ledger.TryGetValue(options.SourceKey, out var entry) && entry.SourceStamp == source.Stamp
            ? entry
            : new LedgerEntry(options.SourceKey, source.Stamp, 0, 0, 0, 0, 0, false) { BatchRows = options.BatchRows };

    private string RejectsPath(string indexPath)
    {
        // The key may be a path: its hash is a safe file name.
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.SourceKey)))[..16];
        return Path.Combine(indexPath, "rejects", $"{name}.jsonl");
    }

    private IngestionReport Validate(IFeatureSource source, IProgress<IngestionProgress>? progress, CancellationToken cancellationToken)
    {
        var encoder = new SampleEncoder(model);
        var meter = new ProgressMeter(time, 0, source.RowCount);
        var first = new List<RejectedSample>();
        foreach (var window in SampleWindow.Cut(source, 0, options.BatchRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var accepted = Accept(encoder, source, window);
            first.AddRange(window.Rejects.Take(IngestionRun.RejectsReported - first.Count));
            meter.Add(window.EndRow, accepted.Count, 0, 0, window.Rejects.Count, accepted.Sum(sample => sample.Captions.Length));
            progress?.Report(meter.Now());
        }

        return new IngestionReport(meter.Now(), 0, null, null, first);
    }
}
