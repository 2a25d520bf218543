using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Ingestions;

/// <summary>Metrics of the runs of this process.</summary>
internal sealed class IngestionMetrics
{
    private const string Stored = "stored";
    private const string Skipped = "skipped";
    private const string Rejected = "rejected";
    private const string Completed = "completed";
    private const string Cancelled = "cancelled";
    private const string Failed = "failed";

    private readonly Counter<long> _rows;
    private readonly Counter<long> _runs;
    private int _running;

    public IngestionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _rows = meter.CreateCounter<long>("retrieval.ingestion.rows", "{row}", "Rows of sources, by what became of them").FromZero("outcome", Stored, Skipped, Rejected);
        _runs = meter.CreateCounter<long>("retrieval.ingestion.runs", "{run}", "Runs that have ended, by how").FromZero("state", Completed, Cancelled, Failed);
        meter.CreateObservableGauge("retrieval.ingestion.running", () => Volatile.Read(ref _running), description: "Runs at work in this process");
    }

    public void Began() => Interlocked.Increment(ref _running);

    /// <summary>Reports the progress of a run between two states.</summary>
    public void Progressed(IngestionProgress before, IngestionProgress now)
    {
        Add(Stored, now.Ingested - before.Ingested);
        Add(Skipped, now.Skipped - before.Skipped);
        Add(Rejected, now.Rejected - before.Rejected);
    }

    public void Ended(Exception? cause)
    {
        Interlocked.Decrement(ref _running);
        var how = cause switch
        {
            null => Completed,
            IngestionStoppedException or OperationCanceledException => Cancelled,
            _ => Failed,
        };
        _runs.Add(1, new KeyValuePair<string, object?>("state", how));
    }

    private void Add(string outcome, long rows)
    {
        if (rows > 0)
        {
            _rows.Add(rows, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}
