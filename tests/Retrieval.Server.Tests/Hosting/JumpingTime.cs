namespace Retrieval.Server.Tests.Hosting;

/// <summary>
/// The system's time, which jumps ahead when it is told to, as it does for a process that stood still. The ticks of timers of one
/// period may be counted out.
/// </summary>
internal sealed class JumpingTime(TimeSpan counted) : TimeProvider
{
    private long _ahead;
    private int _ticks = int.MaxValue;

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(period == counted ? given => Tick(callback, given) : callback, state, dueTime, period);

    public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, (long)(by.TotalSeconds * TimestampFrequency));

    /// <summary>Lets so many ticks pass, and no more.</summary>
    public void LetTicksPass(int count) => Volatile.Write(ref _ticks, count);

    /// <summary>Whether all that may pass have passed.</summary>
    public bool HaveTicksPassed => Volatile.Read(ref _ticks) <= 0;

    private void Tick(TimerCallback callback, object? state)
    {
        if (Interlocked.Decrement(ref _ticks) >= 0)
        {
            callback(state);
        }
    }
}
