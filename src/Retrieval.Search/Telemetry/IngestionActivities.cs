using System.Diagnostics;

namespace Retrieval.Search.Telemetry;

/// <summary>Traces of ingestions: one activity for a run, and in it two for each window of rows. They name rows, and nothing of their content.</summary>
internal static class IngestionActivities
{
    private static readonly ActivitySource Source = new(SearchActivities.SourceName);

    /// <summary>Begins the activity of a run; null if nobody listens.</summary>
    public static Activity? StartRun() => Source.StartActivity("ingestion");

    /// <summary>Begins to encode a window.</summary>
    public static Activity? StartEncoding(long firstRow, long endRow) => Rows(Source.StartActivity("encode window"), firstRow, endRow);

    /// <summary>Begins to store a window.</summary>
    public static Activity? StartStoring(long firstRow, long endRow) => Rows(Source.StartActivity("store window"), firstRow, endRow);

    private static Activity? Rows(Activity? activity, long firstRow, long endRow) =>
        activity?.SetTag("retrieval.window.first_row", firstRow).SetTag("retrieval.window.end_row", endRow);
}
