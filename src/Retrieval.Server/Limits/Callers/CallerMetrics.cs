using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Server.Access;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Callers;

/// <summary>What callers take, by the names of their keys. Callers with tokens are one series, and so are keys beyond the first hundred.</summary>
internal sealed class CallerMetrics
{
    private const int MostNames = 100;
    private const string Tokens = "(tokens)";
    private const string Others = "(others)";
    private const string Label = "caller";

    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _pairs;
    private readonly Counter<long> _limited;

    public CallerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _requests = meter.CreateCounter<long>("retrieval.caller.requests", "{request}", "Requests by the name of the key").FromZero(Label, Tokens, Others);
        _pairs = meter.CreateCounter<long>("retrieval.caller.pairs", "{pair}", "Work asked for, by the name of the key").FromZero(Label, Tokens, Others);
        _limited = meter.CreateCounter<long>("retrieval.caller.limited", "{request}", "Requests beyond a caller's limit, refused or, in a dry run, only counted");
        foreach (var (name, kind) in from name in (string[])[Tokens, Others] from kind in Enum.GetValues<LimitKind>() select (name, kind))
        {
            _limited.Add(0, new KeyValuePair<string, object?>(Label, name), LabelOf(kind));
        }
    }

    public void Request(Caller caller) => _requests.Add(1, LabelOf(caller));

    public void Pairs(Caller caller, long pairs) => _pairs.Add(pairs, LabelOf(caller));

    public void Limited(Caller caller, LimitKind kind) => _limited.Add(1, LabelOf(caller), LabelOf(kind));

    private static KeyValuePair<string, object?> LabelOf(LimitKind kind) => new("limit", kind == LimitKind.Requests ? "requests" : "pairs");

    private KeyValuePair<string, object?> LabelOf(Caller caller) => new(Label, caller.Kind == CallerKind.Token ? Tokens : NameOf(caller.Name));

    private string NameOf(string name) => _names.ContainsKey(name) || (_names.Count < MostNames && _names.TryAdd(name, true)) ? name : Others;
}
