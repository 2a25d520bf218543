using System.Collections.Concurrent;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Inference.Scoring;

namespace Retrieval.Inference.Batching;

/// <summary>Scores with one scorer against one bank: pairs of different queries share a batch.</summary>
public sealed class ScoreBatcher(PairScorer scorer, RecordTable bank) : IBatcher
{
    // Two batches may exist at once: one is running, one is being assembled.
    private readonly ConcurrentBag<Buffers> _buffers = [];

    /// <inheritdoc/>
    public string Kind => WorkKinds.Score;

    /// <summary>What the scorer's graph gives of a pair.</summary>
    public ScoreTransform Transform => scorer.Transform;

    /// <inheritdoc/>
    public int MaxBatchSize => scorer.PairsPerCall;

    /// <inheritdoc/>
    public int PreferredBatchSize => scorer.EnoughPairs;

    /// <inheritdoc/>
    public bool AssemblesAhead => scorer.OnCuda;

    /// <inheritdoc/>
    public IBatch Assemble(IReadOnlyList<WorkSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        if (!_buffers.TryTake(out var buffers))
        {
            buffers = new Buffers(MaxBatchSize);
        }

        return slices.Count == 1 ? new OneQuery(this, buffers, slices[0]) : new ManyQueries(this, buffers, slices);
    }

    private sealed class Buffers(int pairs)
    {
        public long[] Slots { get; } = new long[pairs];

        public long[] Queries { get; } = new long[pairs];

        public float[] Transformed { get; } = new float[pairs];
    }

    // Nothing to assemble: slots, record and results are the request's own.
    private sealed class OneQuery(ScoreBatcher batcher, Buffers buffers, WorkSlice slice) : IBatch
    {
        private readonly PairScorer _scorer = batcher.Scorer;

        public void Run()
        {
            var (item, first, count) = ((ScoreItem)slice.Item, slice.First, slice.Count);
            var query = buffers.Queries.AsSpan(0, count);
            query.Clear();
            _scorer.SoundTransformedScores(batcher.Bank, item.Query, item.Slots.Span.Slice(first, count), query, item.Transformed.Span.Slice(first, count));
        }

        public void Dispose() => batcher._buffers.Add(buffers);
    }

    private sealed class ManyQueries : IBatch
    {
        private readonly ScoreBatcher _batcher;
        private readonly Buffers _buffers;
        private readonly IReadOnlyList<WorkSlice> _slices;
        private readonly RecordTable _queries;
        private readonly int _pairs;

        public ManyQueries(ScoreBatcher batcher, Buffers buffers, IReadOnlyList<WorkSlice> slices)
        {
            (_batcher, _buffers, _slices) = (batcher, buffers, slices);
            var tables = new RecordTable[slices.Count];
            for (var query = 0; query < slices.Count; query++)
            {
                var item = (ScoreItem)slices[query].Item;
                item.Slots.Span.Slice(slices[query].First, slices[query].Count).CopyTo(buffers.Slots.AsSpan(_pairs));
                buffers.Queries.AsSpan(_pairs, slices[query].Count).Fill(query);
                _pairs += slices[query].Count;
                tables[query] = item.Query;
            }

            _queries = RecordTable.Concat(tables);
        }

        public void Run()
        {
            _batcher.Scorer.SoundTransformedScores(_batcher.Bank, _queries, _buffers.Slots.AsSpan(0, _pairs), _buffers.Queries.AsSpan(0, _pairs), _buffers.Transformed.AsSpan(0, _pairs));
            var read = 0;
            foreach (var (item, first, count) in _slices)
            {
                _buffers.Transformed.AsSpan(read, count).CopyTo(((ScoreItem)item).Transformed.Span[first..]);
                read += count;
            }
        }

        public void Dispose()
        {
            _queries.Dispose();
            _batcher._buffers.Add(_buffers);
        }
    }

    private PairScorer Scorer => scorer;

    private RecordTable Bank => bank;
}
