namespace Retrieval.Search.Telemetry;

/// <summary>Measures consecutive stages of one request.</summary>
public sealed class StageClock
{
    private readonly TimeProvider _time;
    private readonly List<StageTime> _stages = [];
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
    public void End(string stage)
    {
        var now = _time.GetTimestamp();
        var duration = _time.GetElapsedTime(_last, now);
        var before = _stages.FindIndex(earlier => earlier.Stage == stage);
        if (before < 0)
        {
            _stages.Add(new StageTime(stage, duration));
        }
        else
        {
            _stages[before] = new StageTime(stage, _stages[before].Duration + duration);
        }

        _last = now;
    }
}
