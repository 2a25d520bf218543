using System.Diagnostics;

namespace Retrieval.Search.Telemetry;

/// <summary>Measures consecutive stages of one request.</summary>
public sealed class StageClock
{
    private readonly TimeProvider _time;
    private readonly Activity? _query;
    private readonly List<StageTime> _stages = new(6);
    private bool _open;
    private long _last;

    /// <summary>Starts measuring.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="query">Gets a child for each stage; null if tracing is off.</param>
    public StageClock(TimeProvider time, Activity? query = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _query = query;
        _last = Began = time.GetTimestamp();
    }

    /// <summary>Timestamp of the time provider when this clock was created.</summary>
    public long Began { get; }

    /// <summary>The stages that have ended.</summary>
    public IReadOnlyList<StageTime> Stages => _stages;

    /// <summary>
    /// Shows in the trace that a stage has begun, so that what others trace meanwhile is part of it. Dispose of it before the stage
    /// is ended here.
    /// </summary>
    /// <returns>Null if tracing is off.</returns>
    public IDisposable? Open(string stage)
    {
        var activity = _query is null ? null : SearchActivities.StartStage(stage);
        _open = activity is not null;
        return activity;
    }

    /// <summary>
    /// Ends the stage that has run since the last call, or since the clock was created. A stage that has run before gets the sum.
    /// </summary>
    public void End(string stage)
    {
        var began = _last;
        var duration = Lap();
        Add(stage, duration);
        Trace(stage, began, TimeSpan.Zero, duration);
    }

    /// <summary>Ends a stage in which work was queued: the time that was not computing counts as waiting.</summary>
    public void EndQueued(string stage, TimeSpan computing)
    {
        var began = _last;
        var whole = Lap();
        var part = computing < whole ? computing : whole;
        Add(Telemetry.StageNames.Queue, whole - part);
        Add(stage, part);
        Trace(Telemetry.StageNames.Queue, began, TimeSpan.Zero, whole - part);
        Trace(stage, began, whole - part, part);
    }

    private TimeSpan Lap()
    {
        var now = _time.GetTimestamp();
        var duration = _time.GetElapsedTime(_last, now);
        _last = now;
        return duration;
    }

    // Uses timestamps that were taken anyway: tracing does not read the clock more often.
    private void Trace(string stage, long began, TimeSpan later, TimeSpan duration)
    {
        if (_open)
        {
            // It has its activity.
            _open = false;
        }
        else if (_query is not null)
        {
            SearchActivities.Add(_query, stage, _time.GetElapsedTime(Began, began) + later, duration);
        }
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
