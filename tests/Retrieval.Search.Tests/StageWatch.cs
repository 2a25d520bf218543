using System.Diagnostics;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests;

/// <summary>
/// Does something when a stage of a query has ended and the next has not begun, by the stage's name: the query's trace tells
/// of it on the thread that ended the stage. Sees the queries asked from where it was made, and of all others nothing.
/// </summary>
internal sealed class StageWatch : IDisposable
{
    private readonly Activity _test = new Activity("test").Start();
    private readonly ActivityListener _listener;
    private int _ended;

    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    /// <param name="happens">Called once.</param>
    /// <param name="time">At which end of the stage, where it runs more than once; from 1.</param>
    public StageWatch(string stage, Action happens, int time = 1)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SearchActivities.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == _test.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _test.TraceId && activity.OperationName == stage && Interlocked.Increment(ref _ended) == time)
                {
                    happens();
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Whether it happened.</summary>
    public bool Happened(int time = 1) => Volatile.Read(ref _ended) >= time;

    public void Dispose()
    {
        _listener.Dispose();
        _test.Stop();
    }
}
