namespace Retrieval.Search.Tests;

/// <summary>
/// Time that stands still. Timers fire when <see cref="Fire"/> is called. A request asks for a time stamp when it
/// begins and after each stage, so <see cref="OnStamp"/> is told between two stages.
/// </summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<TimeSpan> _waits = [];
    private int _stamps;

    /// <summary>Called with the number of the time stamp, from 1.</summary>
    public Action<int>? OnStamp { get; set; }

    /// <summary>How long each timer was to run, in the order they were made.</summary>
    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_gate)
            {
                return [.. _waits];
            }
        }
    }

    public override long GetTimestamp()
    {
        OnStamp?.Invoke(Interlocked.Increment(ref _stamps));
        return 0;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        lock (_gate)
        {
            _timers.Add(timer);
            _waits.Add(dueTime);
        }

        return timer;
    }

    /// <summary>Every deadline passes now.</summary>
    public void Fire()
    {
        Timer[] due;
        lock (_gate)
        {
            due = [.. _timers];
            _timers.Clear();
        }

        Array.ForEach(due, timer => timer.Callback());
    }

    private sealed class Timer(ManualTime time, Action callback) : ITimer
    {
        public Action Callback => callback;

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
