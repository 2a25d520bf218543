using System.Diagnostics;

namespace Retrieval.Search.Telemetry;

/// <summary>
/// Traces of queries: an activity each, with a child for each stage. They carry names and times, and nothing of what was
/// asked. Nothing is made where nobody listens.
/// </summary>
public static class SearchActivities
{
    /// <summary>Name of the source, as of the meter.</summary>
    public const string SourceName = SearchMetrics.MeterName;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the activity of a query; null if nobody listens.</summary>
    /// <param name="kind">One of <see cref="QueryKinds"/>.</param>
    public static Activity? Start(string kind) => Source.StartActivity(kind);

    /// <summary>Adds a stage that has ended.</summary>
    /// <param name="query">The activity of the query.</param>
    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    /// <param name="began">When it began, from the beginning of the query.</param>
    /// <param name="duration">What it took.</param>
    internal static void Add(Activity query, string stage, TimeSpan began, TimeSpan duration)
    {
        var from = query.StartTimeUtc + began;
        using var child = Source.StartActivity(ActivityKind.Internal, query.Context, startTime: from, name: stage);
        child?.SetEndTime(from + duration);
    }
}
