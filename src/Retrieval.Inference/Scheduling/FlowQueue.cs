namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Waiting requests by flow: the requests of one caller are one flow, those of nobody in particular another. Flows share the device
/// equally, and within a flow its requests do (<see cref="FairQueue"/>): hierarchical fair queueing (Bennett and Zhang 1996). A flow's
/// tag is what it has had of the device plus what its next request would get now; the lowest goes first, and of equal ones that which
/// was served longer ago. The present is what the only waiting flow has had, and advances by an equal part of what several get: so many
/// flows that come in turns do not keep one waiting that always asks. A flow that asks for less than its share falls behind the present,
/// and keeps <see cref="MostSaved"/> batches of that while it is idle: its short requests then go before what is left of a long one, and
/// not only in turns with it. Not thread-safe.
/// </summary>
internal sealed class FlowQueue
{
    // Idle flows are kept, for their callers come back; beyond this many they are forgotten.
    private const int MostKept = 100;

    // Of Quantum each: one for a small query's caption and pairs, one for what another's batch has done between the two.
    private const int MostSaved = 2;

    private readonly Dictionary<string, Flow> _flows = new(StringComparer.Ordinal);
    private readonly List<Flow> _waiting = [];
    private double _present;
    private string? _lastCaller;
    private long _batches;
    private long _arrivals;

    /// <summary>Arrival of the last request of a caller that came after one of another caller; null if there has been none.</summary>
    public long? SharedAt { get; private set; }

    /// <summary>Requests with units that have not been handed out.</summary>
    public int Count { get; private set; }

    /// <summary>Arrival of the oldest request; null if none waits.</summary>
    public long? OldestSince => _flows.Values.Min(flow => flow.Requests.OldestSince);

    /// <summary>Units not handed out, in pairs' worth.</summary>
    public long Cost => _flows.Values.Sum(flow => flow.Requests.Cost);

    /// <summary>Most work in one batch, in pairs' worth.</summary>
    public long Quantum { get; set; } = long.MaxValue;

    /// <summary>Whose batch the next one is; something must wait.</summary>
    public IBatcher Next
    {
        get
        {
            OrderWaiting();
            return _waiting[0].Requests.First.Item.Batcher;
        }
    }

    public void Add(QueueEntry entry)
    {
        var name = NameOf(entry);
        NoteCaller(entry);
        if (!_flows.TryGetValue(name, out var flow))
        {
            // Whoever is not known has saved nothing: names that come only once, or in turns with many others, gain nothing by that.
            _flows.Add(name, flow = new Flow { Start = _present });
        }
        else if (flow.Requests.Count == 0)
        {
            var saved = Quantum == long.MaxValue ? 0 : MostSaved * Quantum;
            flow.Start = Math.Max(flow.Start, _present - saved);
        }

        entry.Sequence = _arrivals++;
        flow.Requests.Add(entry);
        Count++;
    }

    public void Remove(QueueEntry entry)
    {
        if (_flows.TryGetValue(NameOf(entry), out var flow) && flow.Requests.Remove(entry))
        {
            Count--;
            ForgetIdle();
        }
    }

    /// <summary>Removes all requests and returns them.</summary>
    public QueueEntry[] Clear()
    {
        var all = _flows.Values.SelectMany(flow => flow.Requests.Clear()).ToArray();
        _flows.Clear();
        Count = 0;
        return all;
    }

    /// <summary>
    /// Hands out the units of the next batch: those of the first flow, and while there is room those of the others with the same
    /// batcher, unless they are a batch ahead of it: what joins others' batches is not paid for by those of other batchers.
    /// </summary>
    /// <param name="slices">Receives them.</param>
    public void Take(List<WorkSlice> slices)
    {
        var room = new BatchRoom(Next, slices, Quantum);
        var last = _waiting[0].Tag + Quantum;
        _batches++;
        foreach (var flow in _waiting)
        {
            if (room.IsFull || flow.Tag > last)
            {
                break;
            }

            var had = flow.Requests.Count;
            var cost = flow.Requests.Take(room);
            Count -= had - flow.Requests.Count;
            flow.Start += cost;
            flow.LastServed = cost > 0 ? _batches : flow.LastServed;
            _present += _waiting.Count > 1 ? cost / _waiting.Count : 0;
        }

        ForgetIdle();
    }

    private static string NameOf(QueueEntry entry) => entry.Item.Limits.Flow ?? string.Empty;

    private void NoteCaller(QueueEntry entry)
    {
        if (entry.Item.Limits.Flow is { } caller)
        {
            SharedAt = _lastCaller is not null && _lastCaller != caller ? entry.Since : SharedAt;
            _lastCaller = caller;
        }
    }

    // Into a list that is used again: this runs for each batch.
    private void OrderWaiting()
    {
        _waiting.Clear();
        foreach (var flow in _flows.Values)
        {
            if (flow.Requests.Count > 0)
            {
                var first = flow.Requests.First;
                flow.Tag = flow.Start + Math.Min(first.CostLeft, Math.Max(Quantum, first.Item.Cost / first.Item.Units));
                _waiting.Add(flow);
            }
        }

        _waiting.Sort(Order.Instance);
        _present = Math.Max(_present, _waiting.Min(static flow => flow.Start));
    }

    // Of more flows than are kept, those are forgotten that are idle and owe nothing, and whatever they owe once nobody waits.
    private void ForgetIdle()
    {
        if (_flows.Count <= MostKept)
        {
            return;
        }

        foreach (var (name, flow) in _flows)
        {
            if (_flows.Count > MostKept && flow.Requests.Count == 0 && (Count == 0 || flow.Start <= _present))
            {
                _flows.Remove(name);
            }
        }
    }

    private sealed class Flow
    {
        public FairQueue Requests { get; } = new();

        /// <summary>What it has had of the device, in pairs' worth, or where it began.</summary>
        public double Start { get; set; }

        /// <summary>Where it stands in the order, when that was last looked at.</summary>
        public double Tag { get; set; }

        /// <summary>Number of the batch in which it was served last.</summary>
        public long LastServed { get; set; }
    }

    private sealed class Order : IComparer<Flow>
    {
        public static readonly Order Instance = new();

        public int Compare(Flow? x, Flow? y)
        {
            var byTag = x!.Tag.CompareTo(y!.Tag);
            return byTag != 0 ? byTag : x.LastServed.CompareTo(y.LastServed);
        }
    }
}
