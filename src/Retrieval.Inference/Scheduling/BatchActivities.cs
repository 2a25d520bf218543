using System.Diagnostics;

namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Traces of batches. A batch belongs to the trace of the first request in it that is recorded, and has links to all that are.
/// Nothing is created when nobody listens.
/// </summary>
public static class BatchActivities
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Retrieval.Inference";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the activity of a batch; null if nobody listens or none of its requests is recorded.</summary>
    internal static Activity? Start(string kind, List<WorkSlice> slices)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var requests = slices.Select(slice => slice.Item.Trace).Where(trace => trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)).Distinct().ToList();
        if (requests.Count == 0)
        {
            return null;
        }

        var activity = Source.StartActivity(ActivityKind.Internal, requests[0], links: requests.Select(trace => new ActivityLink(trace)), name: $"batch {kind}");
        activity?.SetTag("retrieval.batch.requests", slices.Count).SetTag("retrieval.batch.units", slices.Sum(slice => slice.Count));
        return activity;
    }
}
