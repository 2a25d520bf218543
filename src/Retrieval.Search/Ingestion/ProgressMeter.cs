using Retrieval.Features.Statistics;

namespace Retrieval.Search.Ingestion;

/// <summary>Counts an ingestion's rows as they are committed, and derives rate and remaining time from stored rows.</summary>
internal sealed class ProgressMeter
{
    private readonly Lock _gate = new();
    private readonly RunWarnings _warnings = new();
    private readonly FeatureWatch? _features;
    private readonly MetadataWatch _metadata;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly long _before;
    private readonly long _firstRow;
    private readonly long? _totalRows;
    private Counts _stored;
    private Counts _committed;

    /// <summary>Begins.</summary>
    /// <param name="time">Measures.</param>
    /// <param name="partRow">First row of the part of the source that is ingested.</param>
    /// <param name="firstRow">Row where this run begins: the first, or where an earlier run ended.</param>
    /// <param name="totalRows">Rows of the part, if known.</param>
    /// <param name="learned">What the features were like that the model learned from; null if that is not known.</param>
    public ProgressMeter(TimeProvider time, long partRow, long firstRow, long? totalRows, FeatureStatistics? learned)
    {
        _features = learned is null ? null : new FeatureWatch(learned, _warnings);
        _metadata = new MetadataWatch(_warnings);
        _time = time;
        _started = time.GetTimestamp();
        _before = firstRow - partRow;
        _firstRow = firstRow;
        _totalRows = totalRows;
    }

    /// <summary>Records that these are going to be encoded.</summary>
    public void Read(IEnumerable<TokenizedSample> samples) => _features?.Add(samples.Select(tokenized => tokenized.Sample));

    /// <summary>Once all rows were read: how the features differ from those that the model learned from, at most; null if it is not known.</summary>
    public FeatureDifference? EndOfRows() => _features?.End();

    /// <summary>Records that these images were stored without metadata that they had.</summary>
    public void Lost(IEnumerable<LostMetadata> images) => _metadata.Add(images);

    /// <summary>Once no row of this run will be stored any more: says how many images lost metadata.</summary>
    public void EndOfStored() => _metadata.End();

    /// <summary>Records that a window is stored; it counts once it is committed.</summary>
    public void Add(long endRow, WindowOutcome outcome, int skipped, int rejected, int captions)
    {
        lock (_gate)
        {
            _stored = new Counts(
                endRow - _firstRow,
                _stored.Ingested + outcome.Ingested,
                _stored.Replaced + outcome.Replaced,
                _stored.Skipped + skipped + outcome.Unchanged,
                _stored.Rejected + rejected + outcome.Refused.Count,
                _stored.Captions + captions);
        }
    }

    /// <summary>Records that everything stored so far is committed.</summary>
    public void Committed()
    {
        lock (_gate)
        {
            _committed = _stored;
        }
    }

    /// <summary>Rows that this run accepted for the index, and rows it rejected, committed or not.</summary>
    public (long Kept, long Rejected) Verdict()
    {
        lock (_gate)
        {
            return (_stored.Ingested + _stored.Skipped, _stored.Rejected);
        }
    }

    public IngestionProgress Now()
    {
        lock (_gate)
        {
            var elapsed = _time.GetElapsedTime(_started);
            var rate = elapsed > TimeSpan.Zero ? _stored.Rows / elapsed.TotalSeconds : 0;
            var remaining = _totalRows is { } total && rate > 0 ? TimeSpan.FromSeconds(Math.Max(0, total - _before - _stored.Rows) / rate) : (TimeSpan?)null;
            var done = _committed;
            return new IngestionProgress(_before + done.Rows, _totalRows, done.Ingested, done.Replaced, done.Skipped, done.Rejected, done.Captions, rate, elapsed, remaining)
            {
                RowsBefore = _before,
                Uncommitted = _stored.Rows - done.Rows,
                Warnings = _warnings.All,
            };
        }
    }

    private readonly record struct Counts(long Rows, long Ingested, long Replaced, long Skipped, long Rejected, long Captions);
}
