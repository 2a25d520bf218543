using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Evaluation;

/// <summary>Scores one query's pairs at a time, and counts pairs and time.</summary>
internal sealed class CountingScorer(TimeProvider time)
{
    public long Pairs { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>Scores of the candidates in the given slots of the bank, in their order.</summary>
    public void Score(PairScorer scorer, RecordTable bank, RecordTable queries, int query, ReadOnlySpan<long> slots, Span<float> scores, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var record = queries.Row(query);
        scorer.ScorePairs(bank, record, slots, new long[slots.Length], scores, cancellationToken);
        Elapsed += time.GetElapsedTime(started);
        Pairs += slots.Length;
    }
}
