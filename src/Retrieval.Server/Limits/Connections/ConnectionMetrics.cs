using System.Diagnostics.Metrics;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Connections;

/// <summary>What happens to connections when there are too many.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Meter _meter;
    private long _displaced;
    private long _confined;

    public ConnectionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(ServerMetrics.MeterName);

        // Observable, since the counters are created with the server, before anyone listens.
        _meter.CreateObservableCounter("retrieval.http.connections.displaced", () => Interlocked.Read(ref _displaced), "{connection}", "Connections that waited for their client and were closed to make room");
        _meter.CreateObservableCounter("retrieval.http.connections.confined", () => Interlocked.Read(ref _confined), "{request}", "Requests that came when all connections were at work, and could ask for health only");
    }

    public void Displaced() => Interlocked.Increment(ref _displaced);

    public void Confined() => Interlocked.Increment(ref _confined);

    /// <summary>Reports the connections of a table.</summary>
    public void Watch(ConnectionTable table)
    {
        _meter.CreateObservableGauge("retrieval.http.connections", () => table.Open, "{connection}", "Connections that are open");
        _meter.CreateObservableGauge("retrieval.http.connections.busy", () => table.AtWork, "{connection}", "Connections with a request that is worked on");
        _meter.CreateObservableGauge("retrieval.http.connections.limit", () => table.Most, "{connection}", "Most connections: Http:MaxConnections, or fewer where the limit of open files is lower");
    }
}
