namespace Retrieval.Search.Telemetry;

/// <summary>Measures consecutive stages of one request.</summary>
public sealed class StageClock(TimeProvider time)
{
    private readonly List<StageTime> _stages = [];
    private long _last = time.GetTimestamp();

    /// <summary>The stages that have ended.</summary>
    public IReadOnlyList<StageTime> Stages => _stages;

    /// <summary>Ends the stage that has run since the last call, or since the clock was made.</summary>
    public void End(string stage)
    {
        var now = time.GetTimestamp();
        _stages.Add(new StageTime(stage, time.GetElapsedTime(_last, now)));
        _last = now;
    }
}
