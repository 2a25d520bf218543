using System.Diagnostics.Metrics;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Connections;

/// <summary>What becomes of connections when there are too many.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Counter<long> _displaced;
    private readonly Counter<long> _confined;
    private readonly Meter _meter;

    public ConnectionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(ServerMetrics.MeterName);
        _displaced = _meter.CreateCounter<long>("retrieval.http.connections.displaced", "{connection}", "Connections that waited for their client and were closed to make room");
        _confined = _meter.CreateCounter<long>("retrieval.http.connections.confined", "{request}", "Requests that came when all connections were at work, and could ask for health only");
    }

    public void Displaced() => _displaced.Add(1);

    public void Confined() => _confined.Add(1);

    /// <summary>Reports the connections of a table.</summary>
    public void Watch(ConnectionTable table)
    {
        _meter.CreateObservableGauge("retrieval.http.connections", () => table.Open, "{connection}", "Connections that are open");
        _meter.CreateObservableGauge("retrieval.http.connections.busy", () => table.AtWork, "{connection}", "Connections with a request that is worked on");
        _meter.CreateObservableGauge("retrieval.http.connections.limit", () => table.Most, "{connection}", "Most connections: Http:MaxConnections, or fewer where the limit of open files is lower");
    }
}
