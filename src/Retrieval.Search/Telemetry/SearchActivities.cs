using System.Diagnostics;

namespace Retrieval.Search.Telemetry;

/// <summary>
/// Traces of queries: one activity each, with a child for each stage. They contain names and times, and nothing of the
/// query's content. Nothing is created when nobody listens.
/// </summary>
public static class SearchActivities
{
    /// <summary>Name of the source, the same as that of the meter.</summary>
    public const string SourceName = SearchMetrics.MeterName;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the activity of a query; null if nobody listens.</summary>
    /// <param name="kind">One of <see cref="QueryKinds"/>.</param>
    public static Activity? Start(string kind) => Source.StartActivity(kind);

    /// <summary>Begins a stage in which others make activities of their own, such as a database: they become its children.</summary>
    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    internal static Activity? StartStage(string stage) => Source.StartActivity(stage);

    /// <summary>Adds a stage that has ended.</summary>
    /// <param name="query">The activity of the query.</param>
    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    /// <param name="began">When it began, relative to the start of the query.</param>
    /// <param name="duration">How long it took.</param>
    internal static void Add(Activity query, string stage, TimeSpan began, TimeSpan duration)
    {
        var from = query.StartTimeUtc + began;
        using var child = Source.StartActivity(ActivityKind.Internal, query.Context, startTime: from, name: stage);
        child?.SetEndTime(from + duration);
    }
}
