using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Access.Tokens;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Access;

/// <summary>Who is turned away, and the state of the keys.</summary>
internal sealed class AccessMetrics
{
    private const string Label = "reason";

    private readonly Counter<long> _refused;

    public AccessMetrics(IMeterFactory meters, KeyRing ring, IEnumerable<KeyFileMonitor> file, IEnumerable<KeySet> sets)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _refused = meter.CreateCounter<long>("retrieval.access.refused", "{request}", "Requests turned away for want of a key or a role, by why").FromZero(Label, AccessRefusal.Reasons);
        meter.CreateObservableGauge("retrieval.access.keys", () => ring.Count, "{key}", "Keys of the file, expired ones among them");
        meter.CreateObservableGauge("retrieval.access.keys.expired", () => ring.Expired, "{key}", "Keys of the file whose time is over");
        meter.CreateObservableGauge("retrieval.access.keyfile.fault", () => file.Any(one => one.Fault) ? 1 : 0, description: "1 while the file of keys cannot be used and those of before stay in force, otherwise 0");
        meter.CreateObservableGauge("retrieval.access.keyset.fault", () => sets.Any(one => one.IsFaulty()) ? 1 : 0, description: "1 while the key set of the issuer of tokens cannot be read, otherwise 0");
    }

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>(Label, reason));
}
