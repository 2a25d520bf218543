using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Evaluation;

/// <summary>Scores one query's pairs at a time, counts pairs and time, and reports how far the evaluation is.</summary>
internal sealed class PairMeter(EvaluationPlan plan, TimeProvider time, IProgress<EvaluationProgress>? progress)
{
    // A query of a large corpus takes minutes: it reports in between.
    private const int PairsPerReport = 4096;

    private readonly long _began = time.GetTimestamp();
    private string _stage = "";
    private double _done;

    public long Pairs { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>Begins a stage, or reports the completed share of it.</summary>
    public void Report(string stage, double done)
    {
        (_stage, _done) = (stage, done);
        Report();
    }

    /// <summary>t(score) of the candidates in the given slots of the bank, in their order.</summary>
    public float[] Score(PairScorer scorer, RecordTable bank, RecordTable queries, int query, ReadOnlySpan<long> slots, CancellationToken cancellationToken)
    {
        var transformed = new float[slots.Length];
        using var record = queries.Row(query);
        for (var first = 0; first < slots.Length; first += PairsPerReport)
        {
            var count = Math.Min(PairsPerReport, slots.Length - first);
            var started = time.GetTimestamp();
            scorer.TransformedScores(bank, record, slots.Slice(first, count), new long[count], transformed.AsSpan(first, count), cancellationToken);
            Elapsed += time.GetElapsedTime(started);
            Pairs += count;
            if (first + count < slots.Length)
            {
                Report();
            }
        }

        return transformed;
    }

    private void Report() => progress?.Report(new EvaluationProgress(_stage, _done, plan, Pairs, time.GetElapsedTime(_began)));
}
