using System.Threading.Channels;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>A run that has locked its source and has not read anything yet. See <see cref="IngestionJob.StartAsync"/>.</summary>
public sealed class StartedIngestion : IAsyncDisposable
{
    /// <summary>Most rejected rows that a report itself lists.</summary>
    internal const int RejectsReported = 20;

    private const int WindowsInFlight = 2;

    private readonly SampleEncoder _encoder;
    private readonly HeldImages _held;
    private readonly IFeatureSource _source;
    private readonly IIngestionTarget _target;
    private readonly IngestionOptions _options;
    private readonly SourceCheckpoint _start;
    private readonly PartRange _range;
    private readonly ProgressMeter _meter;
    private readonly WorkScheduler? _device;
    private readonly IReadOnlyList<string> _recognised;
    private readonly List<RejectedSample> _firstRejects = [];
    private readonly RejectReasons _reasons = new();
    private int _notedWarnings;

    internal StartedIngestion(
        MatchingModel model, IFeatureSource source, IIngestionTarget target, IngestionOptions options, SourceCheckpoint start, PartRange range, ProgressMeter meter, WorkScheduler? device)
    {
        _encoder = new SampleEncoder(model, options.Bounds);
        _held = new HeldImages(source.Name, options);
        _source = source;
        _recognised = source.Notes;
        _target = target;
        _options = options;
        _start = start;
        _range = range;
        _meter = meter;
        _device = device;
    }

    /// <summary>How far the source was read before this run.</summary>
    public IngestionProgress Before => _meter.Now();

    /// <summary>What was found out about the source so far.</summary>
    public IngestionFindings Findings => new(_recognised, _meter.Now().Warnings, _reasons.List());

    /// <summary>The first rejected rows so far.</summary>
    public IReadOnlyList<RejectedSample> FirstRejects
    {
        get
        {
            lock (_firstRejects)
            {
                return [.. _firstRejects];
            }
        }
    }

    /// <summary>Reads, encodes and stores.</summary>
    /// <param name="progress">Receives the counts after every window.</param>
    /// <param name="stop">Stops the run after the current window is committed; once all rows are stored, stops the remaining work.</param>
    /// <param name="cancellationToken">Stops the run at once; uncommitted rows are dropped.</param>
    /// <exception cref="IngestionStoppedException">The run was asked to stop, by <paramref name="stop"/> or through the target.</exception>
    /// <exception cref="SourceRefusedException">Every row of the source was rejected.</exception>
    /// <exception cref="RetrievalException">The target cannot be written, or the source broke off.</exception>
    public async Task<IngestionReport> RunAsync(IProgress<IngestionProgress>? progress, CancellationToken stop, CancellationToken cancellationToken)
    {
        using var activity = IngestionActivities.StartRun();

        // If one stage fails, the others must not wait for it.
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var windows = Channel.CreateBounded<SampleWindow>(WindowsInFlight);
        var encoded = Channel.CreateBounded<EncodedWindow>(WindowsInFlight);
        try
        {
            await ParallelTasks.RunAsync(broken, [
                () => ReadAsync(windows.Writer, broken.Token),
                () => EncodeAsync(windows.Reader, encoded.Writer, broken.Token),
                () => StoreAsync(encoded.Reader, progress, stop, broken.Token),
            ]).ConfigureAwait(false);
            var features = _meter.EndOfRows();
            _meter.EndOfStored();
            await NoteAsync(false, cancellationToken).ConfigureAwait(false);
            await RequireSomethingKeptAsync(progress, cancellationToken).ConfigureAwait(false);
            var end = await _target.CompleteAsync(stop, cancellationToken).ConfigureAwait(false);
            _meter.Committed();
            progress?.Report(_meter.Now());
            return new IngestionReport(_meter.Now(), _start.NextRow, end.Generation, end.RejectsFile, FirstRejects) { End = end, Reasons = _reasons.List(), Features = features };
        }
        catch (Exception exception)
        {
            await _target.AbandonAsync(exception).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Items that a failure left between the stages hold native memory.
            while (encoded.Reader.TryRead(out var left))
            {
                left.Rows?.Dispose();
            }
        }
    }

    /// <summary>Releases the source and the target.</summary>
    public ValueTask DisposeAsync() => _target.DisposeAsync();

    private async Task ReadAsync(ChannelWriter<SampleWindow> windows, CancellationToken cancellationToken)
    {
        foreach (var window in SampleWindow.Cut(_source, _start.NextRow, _start.BatchRows, _range.EndRow))
        {
            await windows.WriteAsync(window, cancellationToken).ConfigureAwait(false);
        }

        windows.Complete();
    }

    private async Task EncodeAsync(ChannelReader<SampleWindow> windows, ChannelWriter<EncodedWindow> encoded, CancellationToken cancellationToken)
    {
        await foreach (var window in windows.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            using var activity = IngestionActivities.StartEncoding(window.FirstRow, window.EndRow);
            var samples = _encoder.Accept(_source, window);
            _meter.Read(samples);
            var held = samples.Count == 0
                ? new Dictionary<string, ExistingImage>()
                : await _target.FindAsync([.. samples.Select(sample => sample.Sample.Id)], cancellationToken).ConfigureAwait(false);
            var (unchanged, lost) = _held.Remove(held, samples, window.Rejects);
            var rows = await _encoder.EncodeAsync(samples, _options.SourceKey, window.Rejects, _device, cancellationToken).ConfigureAwait(false);
            try
            {
                await encoded.WriteAsync(new EncodedWindow(window, rows, unchanged) { Lost = lost }, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                rows?.Dispose();
                throw;
            }
        }

        encoded.Complete();
    }

    private async Task StoreAsync(ChannelReader<EncodedWindow> encoded, IProgress<IngestionProgress>? progress, CancellationToken stop, CancellationToken cancellationToken)
    {
        await foreach (var window in encoded.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            WindowOutcome outcome;
            using (window.Rows)
            {
                using var activity = IngestionActivities.StartStoring(window.Window.FirstRow, window.Window.EndRow);
                var stored = window.AsStored;
                outcome = await _target.StoreAsync(stored, cancellationToken).ConfigureAwait(false);
                IEnumerable<RejectedSample> rejects = [.. stored.Rejects, .. outcome.Refused];
                lock (_firstRejects)
                {
                    _firstRejects.AddRange(rejects.Take(RejectsReported - _firstRejects.Count));
                }

                _reasons.Add(rejects);
                _meter.Add(stored.EndRow, outcome, stored.Skipped, stored.Rejects.Count, window.Rows?.Captions ?? 0);
                _meter.Lost(window.LostOf(outcome));
                await NoteAsync(rejects.Any(), cancellationToken).ConfigureAwait(false);
            }

            if (outcome.Committed)
            {
                _meter.Committed();
            }

            progress?.Report(_meter.Now());
            if (outcome.CancelRequested || stop.IsCancellationRequested)
            {
                _meter.EndOfStored();
                await NoteAsync(false, cancellationToken).ConfigureAwait(false);
                await CommitAsync(progress, cancellationToken).ConfigureAwait(false);
                throw new IngestionStoppedException(window.Window.EndRow, outcome.CancelRequested ? null : "the run was stopped");
            }
        }
    }

    private async Task NoteAsync(bool rejected, CancellationToken cancellationToken)
    {
        var findings = Findings;
        if (rejected || findings.Warnings.Count > _notedWarnings)
        {
            await _target.NoteAsync(findings, cancellationToken).ConfigureAwait(false);
            _notedWarnings = findings.Warnings.Count;
        }
    }

    private async Task CommitAsync(IProgress<IngestionProgress>? progress, CancellationToken cancellationToken)
    {
        await _target.CommitAsync(cancellationToken).ConfigureAwait(false);
        _meter.Committed();
        progress?.Report(_meter.Now());
    }

    // A part of a source may have no rows, or rejected ones alone. A whole source that has not one image is not what it was taken for.
    private async Task RequireSomethingKeptAsync(IProgress<IngestionProgress>? progress, CancellationToken cancellationToken)
    {
        var (kept, rejected) = _meter.Verdict();
        rejected += _start.Rejected;
        if (_options.Parts == 1 && _start.Ingested + _start.Skipped + kept == 0)
        {
            await CommitAsync(progress, cancellationToken).ConfigureAwait(false);
            throw new SourceRefusedException(_source.Name, rejected, new IngestionReport(_meter.Now(), _start.NextRow, null, null, FirstRejects) { Reasons = _reasons.List() });
        }
    }
}
