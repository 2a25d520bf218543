using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;

namespace Retrieval.Inference.Scheduling;

/// <summary>What a device and its queue report.</summary>
public sealed class BatchMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Retrieval.Inference";

    private static readonly InstrumentAdvice<long> Pairs = new()
    {
        HistogramBucketBoundaries = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
    };

    private static readonly InstrumentAdvice<long> Requests = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Histogram<long> _pairs;
    private readonly Histogram<long> _requests;
    private readonly Histogram<double> _durations;
    private readonly Counter<long> _failed;
    private long _rejected;
    private long _expired;
    private long _cancelled;
    private volatile WorkScheduler? _queue;

    /// <summary>Creates the instruments.</summary>
    public BatchMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _pairs = meter.CreateHistogram("retrieval.batch.pairs", "{pair}", "Pairs of one call of a scorer", tags: null, advice: Pairs);
        _requests = meter.CreateHistogram("retrieval.batch.queries", "{query}", "Requests that shared one call of the device, by kind of work", tags: null, advice: Requests);
        _durations = meter.CreateHistogram("retrieval.batch.duration", "s", "Time of one call of the device, by kind of work", tags: null, advice: Seconds);
        _failed = meter.CreateCounter<long>("retrieval.batch.failed", "{call}", "Calls of the device that failed, by kind of work").FromZero("kind", WorkKinds.Score, WorkKinds.Explain, WorkKinds.Encode, WorkKinds.Exclusive);
        meter.CreateObservableCounter("retrieval.queue.rejected", () => Interlocked.Read(ref _rejected), "{query}", "Requests that were refused since as much waited as may wait");
        meter.CreateObservableCounter("retrieval.queue.expired", () => Interlocked.Read(ref _expired), "{query}", "Work that was dropped, or left off, since its deadline had passed");
        meter.CreateObservableCounter("retrieval.queue.cancelled", () => Interlocked.Read(ref _cancelled), "{query}", "Work that was dropped since its caller had left");
        meter.CreateObservableGauge("retrieval.queue.depth", () => State(state => state.Waiting), "{query}", "Requests that wait for the device");
        meter.CreateObservableGauge("retrieval.queue.pairs", () => State(state => state.WaitingCost), "{pair}", "Work that waits for the device, in pairs");
        meter.CreateObservableGauge("retrieval.queue.admitted", () => State(state => state.Admitted), "{pair}", "Work that has been promised and not been done, in pairs");
        meter.CreateObservableGauge("retrieval.queue.age", () => State(state => state.OldestSeconds), "s", "How long the request has waited that has waited longest");
        meter.CreateObservableCounter("retrieval.worker.restarts", () => State(state => state.Restarts), "{restart}", "How often the device's worker has died and was started again");
    }

    internal void Watch(WorkScheduler queue) => _queue = queue;

    internal void Forget(WorkScheduler queue)
    {
        if (_queue == queue)
        {
            _queue = null;
        }
    }

    internal void Rejected() => Interlocked.Increment(ref _rejected);

    internal void Dropped(WorkEnd end)
    {
        switch (end)
        {
            case WorkEnd.Expired:
                Interlocked.Increment(ref _expired);
                break;
            case WorkEnd.Cancelled:
                Interlocked.Increment(ref _cancelled);
                break;
        }
    }

    internal void Called(string kind, List<WorkSlice> slices, TimeSpan duration, Exception? fault)
    {
        var tag = new KeyValuePair<string, object?>("kind", kind);
        _durations.Record(duration.TotalSeconds, tag);
        _requests.Record(slices.Count, tag);
        if (kind == WorkKinds.Score)
        {
            _pairs.Record(AssembledBatch.CostOf(slices));
        }

        if (fault is not null)
        {
            _failed.Add(1, tag);
        }
    }

    // Before there is a device, nothing waits for it.
    private T State<T>(Func<QueueState, T> value)
        where T : struct => _queue?.State is { } state ? value(state) : default;
}
