using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// The bulk job: source → windows → encoders → index. All stages work concurrently, with bounded queues between them, so
/// memory does not grow with the source. Progress is committed together with the rows, so a killed run resumes at the row
/// where its index ends. Images are compared by content, so running the job again changes nothing.
/// </summary>
/// <param name="model">Encodes.</param>
/// <param name="options">Which source, in which steps.</param>
/// <param name="time">Measures the rate.</param>
/// <param name="device">Shared with everything else that computes in this process; null if the job may compute at any time.</param>
public sealed class IngestionJob(MatchingModel model, IngestionOptions options, TimeProvider time, WorkScheduler? device = null)
{
    /// <summary>Ingests a source into the index in a folder.</summary>
    /// <param name="source">Where the images come from.</param>
    /// <param name="indexPath">The index's folder; created if it does not exist.</param>
    /// <param name="progress">Receives the counts after every window.</param>
    /// <param name="cancellationToken">Stops the run after the current window; what is committed stays.</param>
    /// <exception cref="RetrievalException">The index is locked, of another bundle or damaged, or the source broke off.</exception>
    public async Task<IngestionReport> RunAsync(IFeatureSource source, string indexPath, IProgress<IngestionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        Check();
        var target = new LocalIngestionTarget(indexPath, IndexBinding.SchemaOf(model), options.CommitRows);
        return await RunAsync(source, target, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ingests a source into a target, and disposes of the target.</summary>
    /// <inheritdoc cref="StartAsync"/>
    /// <inheritdoc cref="StartedIngestion.RunAsync"/>
    public async Task<IngestionReport> RunAsync(IFeatureSource source, IIngestionTarget target, IProgress<IngestionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var started = await StartAsync(source, target, cancellationToken).ConfigureAwait(false);
        await using (started.ConfigureAwait(false))
        {
            return await started.RunAsync(progress, CancellationToken.None, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Locks the source, so that anything that prevents a run shows before rows are read.</summary>
    /// <param name="source">Where the images come from; the caller disposes of it after the run.</param>
    /// <param name="target">Where they go; disposed of with the run, or at once if this fails.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidInputException">The source has no such part, or the part was started with another window size.</exception>
    /// <exception cref="RetrievalException">Another run holds the source, or the target cannot be written.</exception>
    public async Task<StartedIngestion> StartAsync(IFeatureSource source, IIngestionTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        try
        {
            Check();
            var rows = source.RowCount ?? (options.Parts > 1 ? source.CountRows() : null);
            var range = options.Parts == 1 ? new PartRange(0, null) : PartRange.Of(options.Part, options.Parts, rows!.Value, options.BatchRows);
            var start = new IngestionStart(
                options.SourceKey, source.Name, source.Stamp, options.BatchRows, options.Part, options.Parts, range.FirstRow, range.EndRow ?? rows, options.Restart) { Recognised = source.Notes };
            var ledger = await target.BeginAsync(start, cancellationToken).ConfigureAwait(false);
            if (options.Parts > 1 && ledger.BatchRows != options.BatchRows)
            {
                // With another window size its rows would not match those that its neighbours leave to it.
                throw new InvalidInputException($"is {options.BatchRows}; part {options.Part} of {options.Parts} was begun with {ledger.BatchRows}", field: "batch");
            }

            var total = rows is null ? (long?)null : (range.EndRow ?? rows) - range.FirstRow;
            return new StartedIngestion(model, source, target, options, ledger, range, new ProgressMeter(time, range.FirstRow, ledger.NextRow, total, model.Statistics), device);
        }
        catch
        {
            await target.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A dry run: reads the source to its end and makes all checks that precede encoding. Stores nothing.</summary>
    /// <param name="source">Where the images come from.</param>
    /// <param name="progress">Receives the counts after every window.</param>
    /// <param name="cancellationToken">Stops after the current window.</param>
    /// <returns>What would be stored, counted as ingested, and what would be rejected.</returns>
    /// <exception cref="RetrievalException">The source broke off.</exception>
    public IngestionReport Validate(IFeatureSource source, IProgress<IngestionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        Check();
        var encoder = new SampleEncoder(model, options.Bounds);
        var meter = new ProgressMeter(time, 0, 0, source.RowCount, model.Statistics);
        var first = new List<RejectedSample>();
        var reasons = new RejectReasons();
        foreach (var window in SampleWindow.Cut(source, 0, options.BatchRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var accepted = encoder.Accept(source, window);
            meter.Read(accepted);
            first.AddRange(window.Rejects.Take(StartedIngestion.RejectsReported - first.Count));
            reasons.Add(window.Rejects);
            meter.Add(window.EndRow, WindowOutcome.Nothing with { Ingested = accepted.Count }, 0, window.Rejects.Count, accepted.Sum(sample => sample.Captions.Length));
            meter.Committed();
            progress?.Report(meter.Now());
        }

        var features = meter.EndOfRows();
        progress?.Report(meter.Now());
        return new IngestionReport(meter.Now(), 0, null, null, first) { Reasons = reasons.List(), Features = features };
    }

    private void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchRows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.BatchRows, IngestionOptions.MostBatchRows);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CommitRows, 1);
        if (options.Parts < 1 || options.Part < 0 || options.Part >= options.Parts)
        {
            throw new InvalidInputException($"is {options.Part} of {options.Parts}; parts are counted from 0", field: "part");
        }
    }
}
