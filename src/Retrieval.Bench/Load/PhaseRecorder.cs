using System.Runtime.InteropServices;

namespace Retrieval.Bench.Load;

/// <summary>
/// Aggregates the requests of one phase. A request belongs to the phase in which it was due; rates count what was answered within
/// the phase. Memory is bounded, however long it runs and whatever the server answers. Thread-safe.
/// </summary>
/// <param name="deadlineMs">The deadline of the requests; null for none.</param>
/// <param name="timeline">Number of seconds that are kept individually.</param>
internal sealed class PhaseRecorder(int? deadlineMs = null, int timeline = 0)
{
    private const int MostNames = 64;
    private const string Others = "others";

    private readonly Lock _gate = new();
    private readonly LatencyHistogram _answered = new();
    private readonly LatencyHistogram _shed = new();
    private readonly LatencyHistogram _lateness = new();
    private readonly LatencyHistogram _overrun = new();
    private readonly Dictionary<string, LatencyHistogram> _stages = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _statuses = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _degraded = new(StringComparer.Ordinal);
    private readonly long[] _kinds = new long[Enum.GetValues<ExchangeKind>().Length];
    private readonly SecondOfPhase[] _seconds = [.. Enumerable.Range(0, timeline).Select(second => new SecondOfPhase(second))];
    private double _end = double.PositiveInfinity;
    private double _last;
    private long _goodWithin;
    private long _doneWithin;
    private long _notSent;
    private long _retryAfter;

    /// <summary>The individual seconds of the phase, as far as they are kept.</summary>
    public IReadOnlyList<SecondOfPhase> Timeline => _seconds;

    /// <summary>Sets when the phase ends; later answers count in latencies, not in rates.</summary>
    public void EndAt(double seconds)
    {
        lock (_gate)
        {
            _end = seconds;
        }
    }

    /// <summary>Records a request that was due but could not be sent for lack of a permit.</summary>
    public void NotSent(double due)
    {
        lock (_gate)
        {
            _notSent += due >= 0 ? 1 : 0;
        }
    }

    /// <summary>Records a request.</summary>
    /// <param name="exchange">Its outcome.</param>
    /// <param name="due">When it should have been sent, in seconds of the phase.</param>
    /// <param name="sent">When it was sent.</param>
    /// <param name="done">When its answer had arrived.</param>
    public void Record(Exchange exchange, double due, double sent, double done)
    {
        lock (_gate)
        {
            if (done >= 0 && done <= _end && exchange.Kind != ExchangeKind.Left)
            {
                _doneWithin++;
                _goodWithin += exchange.Kind == ExchangeKind.Answered ? 1 : 0;
            }

            if (due >= 0)
            {
                _last = Math.Max(_last, done);
                Add(exchange, due, sent, done);
            }
        }
    }

    /// <summary>The results.</summary>
    public PhaseCounts Read()
    {
        lock (_gate)
        {
            // A phase limited by the number of requests ends with the last of them.
            var seconds = double.IsInfinity(_end) ? _last : _end;
            return new PhaseCounts
            {
                Seconds = seconds,
                Requests = _kinds.Sum(),
                NotSent = _notSent,
                Answered = Of(ExchangeKind.Answered),
                Shed = Of(ExchangeKind.Shed),
                ShedWithRetryAfter = _retryAfter,
                Late = Of(ExchangeKind.Late),
                Refused = Of(ExchangeKind.Refused),
                Failed = Of(ExchangeKind.Failed),
                Left = Of(ExchangeKind.Left),
                DonePerSecond = seconds > 0 ? _doneWithin / seconds : 0,
                GoodPerSecond = seconds > 0 ? _goodWithin / seconds : 0,
                AnsweredMs = _answered.Summarize(),
                ShedMs = _shed.Summarize(),
                SentLateMs = _lateness.Summarize(),
                OverrunMs = _overrun.Summarize(),
                StagesMs = _stages.Where(stage => stage.Value.Count > 0).ToDictionary(stage => stage.Key, stage => stage.Value.Summarize()!),
                Statuses = new Dictionary<string, long>(_statuses),
                Faults = new Dictionary<string, long>(_faults),
                Degraded = new Dictionary<string, long>(_degraded),
            };
        }
    }

    private long Of(ExchangeKind kind) => _kinds[(int)kind];

    private void Add(Exchange exchange, double due, double sent, double done)
    {
        _kinds[(int)exchange.Kind]++;
        _lateness.Add(1000 * Math.Max(0, sent - due));
        if (exchange.Status != 0)
        {
            Count(_statuses, exchange.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        if (exchange.Fault is { } fault)
        {
            Count(_faults, fault);
        }

        if (exchange.Degraded is { } reason)
        {
            Count(_degraded, reason);
        }

        var second = (int)due < _seconds.Length ? _seconds[(int)due] : null;
        second?.Add(exchange.Kind, 1000 * (done - due));
        if (exchange.Kind == ExchangeKind.Answered)
        {
            _answered.Add(1000 * (done - due));
        }
        else if (exchange.Kind == ExchangeKind.Shed)
        {
            _shed.Add(1000 * (done - due));
            _retryAfter += exchange.RetryAfter is null ? 0 : 1;
        }

        // The server's deadline counts from when it has the request: it is not responsible for a late client.
        if (deadlineMs is { } deadline && exchange.Kind is ExchangeKind.Answered or ExchangeKind.Late)
        {
            _overrun.Add(Math.Max(0, (1000 * (done - sent)) - deadline));
        }

        foreach (var (stage, milliseconds) in exchange.Stages ?? [])
        {
            var name = _stages.ContainsKey(stage) || _stages.Count < MostNames ? stage : Others;
            (CollectionsMarshal.GetValueRefOrAddDefault(_stages, name, out _) ??= new LatencyHistogram()).Add(milliseconds);
        }
    }

    private static void Count(SortedDictionary<string, long> counts, string name)
    {
        name = counts.ContainsKey(name) || counts.Count < MostNames ? name : Others;
        counts[name] = counts.GetValueOrDefault(name) + 1;
    }
}
