using System.Diagnostics.Metrics;

namespace Retrieval.Search.Tests.Queries;

/// <summary>How often one service has said that an answer is less than was asked for.</summary>
internal sealed class DegradedCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _value;

    public DegradedCount(Serving serving)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "retrieval.queries.degraded" && serving.Owns(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _value, value));
        _listener.Start();
    }

    public long Value => Interlocked.Read(ref _value);

    public void Dispose() => _listener.Dispose();
}
