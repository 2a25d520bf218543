namespace Retrieval.Search.Telemetry;

/// <summary>Measures consecutive stages of one request.</summary>
public sealed class StageClock
{
    private readonly TimeProvider _time;
    private readonly List<StageTime> _stages = new(6);
    private long _last;

    /// <summary>Begins to measure.</summary>
    public StageClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _last = Began = time.GetTimestamp();
    }

    /// <summary>Timestamp of the time provider when this was made.</summary>
    public long Began { get; }

    /// <summary>The stages that have ended.</summary>
    public IReadOnlyList<StageTime> Stages => _stages;

    /// <summary>Ends the stage that has run since the last call, or since the clock was made. A stage that ran before gets the sum.</summary>
    public void End(string stage) => Add(stage, Lap());

    /// <summary>Ends a stage in which work waited for its turns: what was not computing was waiting.</summary>
    public void EndQueued(string stage, TimeSpan computing)
    {
        var whole = Lap();
        var part = computing < whole ? computing : whole;
        Add(Telemetry.Stages.Queue, whole - part);
        Add(stage, part);
    }

    private TimeSpan Lap()
    {
        var now = _time.GetTimestamp();
        var duration = _time.GetElapsedTime(_last, now);
        _last = now;
        return duration;
    }

    private void Add(string stage, TimeSpan duration)
    {
        for (var i = 0; i < _stages.Count; i++)
        {
            if (_stages[i].Stage == stage)
            {
                _stages[i] = new StageTime(stage, _stages[i].Duration + duration);
                return;
            }
        }

        _stages.Add(new StageTime(stage, duration));
    }
}
