namespace Retrieval.TestKit;

/// <summary>A clock that stands still until it is told to go on; its timers then fire, on the caller's thread.</summary>
public sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<TimeSpan> _waits = [];
    private TimeSpan _now = TimeSpan.FromDays(1);

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

    /// <summary>Called by whoever asks for the time, before it is told.</summary>
    public Action? Asked { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        Asked?.Invoke();
        lock (_gate)
        {
            return _now.Ticks;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
        {
            throw new NotSupportedException("a timer that fires more than once");
        }

        lock (_gate)
        {
            _waits.Add(dueTime);
            var timer = new Timer(this, () => callback(state));
            Set(timer, dueTime);
            return timer;
        }
    }

    /// <summary>Goes on, and fires the timers that are due by then.</summary>
    public void Advance(TimeSpan by)
    {
        Timer[] due;
        lock (_gate)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.DueAt <= _now).OrderBy(timer => timer.DueAt)];
            _timers.RemoveAll(due.Contains);
        }

        Array.ForEach(due, timer => timer.Callback());
    }

    private void Set(Timer timer, TimeSpan dueTime)
    {
        _timers.Remove(timer);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            timer.DueAt = _now + dueTime;
            _timers.Add(timer);
        }
    }

    private sealed class Timer(ManualTime time, Action callback) : ITimer
    {
        public Action Callback => callback;

        public TimeSpan DueAt { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time.Set(this, dueTime);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
