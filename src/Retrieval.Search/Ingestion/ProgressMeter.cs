namespace Retrieval.Search.Ingestion;

/// <summary>Counts an ingestion's rows and derives rate and remaining time.</summary>
internal sealed class ProgressMeter(TimeProvider time, long firstRow, long? totalRows)
{
    private readonly long _started = time.GetTimestamp();
    private long _done;

    public long Ingested { get; private set; }

    public long Replaced { get; private set; }

    public long Skipped { get; private set; }

    public long Rejected { get; private set; }

    public long Captions { get; private set; }

    public void Add(long endRow, int ingested, int replaced, int skipped, int rejected, int captions)
    {
        _done = endRow - firstRow;
        Ingested += ingested;
        Replaced += replaced;
        Skipped += skipped;
        Rejected += rejected;
        Captions += captions;
    }

    public IngestionProgress Now()
    {
        var elapsed = time.GetElapsedTime(_started);
        var rate = elapsed > TimeSpan.Zero ? _done / elapsed.TotalSeconds : 0;
        var remaining = totalRows is { } total && rate > 0 ? TimeSpan.FromSeconds(Math.Max(0, total - firstRow - _done) / rate) : (TimeSpan?)null;
        return new IngestionProgress(firstRow + _done, totalRows, Ingested, Replaced, Skipped, Rejected, Captions, rate, elapsed, remaining);
    }
}
