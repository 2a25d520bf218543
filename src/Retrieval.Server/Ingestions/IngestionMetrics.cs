using System.Diagnostics.Metrics;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Ingestions;

/// <summary>What the runs of this process have done.</summary>
internal sealed class IngestionMetrics
{
    private readonly Counter<long> _rows;
    private readonly Counter<long> _runs;
    private int _running;

    public IngestionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _rows = meter.CreateCounter<long>("retrieval.ingestion.rows", "{row}", "Rows of sources, by what became of them");
        _runs = meter.CreateCounter<long>("retrieval.ingestion.runs", "{run}", "Runs that have ended, by how");
        meter.CreateObservableGauge("retrieval.ingestion.running", () => Volatile.Read(ref _running), description: "Runs at work in this process");
    }

    public void Began() => Interlocked.Increment(ref _running);

    /// <summary>A run got on from one state to another.</summary>
    public void Progressed(IngestionProgress before, IngestionProgress now)
    {
        Add("stored", now.Ingested - before.Ingested);
        Add("skipped", now.Skipped - before.Skipped);
        Add("rejected", now.Rejected - before.Rejected);
    }

    public void Ended(Exception? cause)
    {
        Interlocked.Decrement(ref _running);
        var how = cause switch
        {
            null => "completed",
            IngestionStoppedException or OperationCanceledException => "cancelled",
            _ => "failed",
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
