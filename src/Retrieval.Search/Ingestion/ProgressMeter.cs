namespace Retrieval.Search.Ingestion;

/// <summary>Counts an ingestion's rows and derives rate and remaining time.</summary>
/// <param name="time">Measures.</param>
/// <param name="partRow">First row of the part of the source that is stored.</param>
/// <param name="firstRow">Row this run begins at: the first, or where an earlier one ended.</param>
/// <param name="totalRows">Rows of the part, if known.</param>
internal sealed class ProgressMeter(TimeProvider time, long partRow, long firstRow, long? totalRows)
{
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private readonly long _before = firstRow - partRow;
    private long _done;
    private long _ingested;
    private long _replaced;
    private long _skipped;
    private long _rejected;
    private long _captions;

    public void Add(long endRow, WindowOutcome outcome, int skipped, int rejected, int captions)
    {
        lock (_gate)
        {
            _done = endRow - firstRow;
            _ingested += outcome.Ingested;
            _replaced += outcome.Replaced;
            _skipped += skipped + outcome.Unchanged;
            _rejected += rejected + outcome.Refused.Count;
            _captions += captions;
        }
    }

    public IngestionProgress Now()
    {
        lock (_gate)
        {
            var elapsed = time.GetElapsedTime(_started);
            var rate = elapsed > TimeSpan.Zero ? _done / elapsed.TotalSeconds : 0;
            var remaining = totalRows is { } total && rate > 0 ? TimeSpan.FromSeconds(Math.Max(0, total - _before - _done) / rate) : (TimeSpan?)null;
            return new IngestionProgress(_before + _done, totalRows, _ingested, _replaced, _skipped, _rejected, _captions, rate, elapsed, remaining);
        }
    }
}
