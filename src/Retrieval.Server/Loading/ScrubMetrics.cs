using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Loading;

/// <summary>Metrics of the check of the indexes that are held against their checksums.</summary>
internal sealed class ScrubMetrics
{
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _faults;
    private long _ended;

    public ScrubMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _bytes = meter.CreateCounter<long>("retrieval.scrub", "By", "Bytes of the indexes compared with their checksums").FromZero();
        _faults = meter.CreateCounter<long>("retrieval.scrub.faults", "{range}", "Ranges of the indexes that were found damaged").FromZero();
        meter.CreateObservableGauge("retrieval.scrub.ended", Ended, "s", "When the last whole pass ended, in seconds since 1970");
    }

    public void Read(int bytes) => _bytes.Add(bytes);

    public void Found() => _faults.Add(1);

    public void PassEnded(DateTimeOffset now) => Volatile.Write(ref _ended, now.ToUnixTimeMilliseconds());

    private IEnumerable<Measurement<double>> Ended() => Volatile.Read(ref _ended) is > 0 and var ended ? [new Measurement<double>(ended / 1000.0)] : [];
}
