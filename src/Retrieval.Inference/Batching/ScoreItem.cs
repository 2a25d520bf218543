using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>
/// One query against rows of a bank. Its task returns the number N of pairs that were scored: all of them or, if the deadline
/// passed, those of the first N slots.
/// </summary>
public sealed class ScoreItem : WorkItem<int>
{
    /// <summary>Creates the item.</summary>
    /// <param name="batcher">Scorer and bank.</param>
    /// <param name="query">The query's record, a table with one row. Must stay alive until the task has ended.</param>
    /// <param name="slots">Rows of the bank, <c>[P]</c>.</param>
    /// <param name="scores">Receives the scores, <c>[P]</c>: finite, or NaN for a pair of which one side is damaged.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public ScoreItem(ScoreBatcher batcher, RecordTable query, ReadOnlyMemory<long> slots, Memory<float> scores, WorkLimits limits)
        : base(batcher, slots.Length, slots.Length, limits)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Count != 1 || scores.Length != slots.Length)
        {
            throw new ArgumentException($"a table of {query.Count} queries, {slots.Length} slots and {scores.Length} scores; expected one query and as many scores as slots");
        }

        Query = query;
        Slots = slots;
        Scores = scores;
    }

    /// <summary>
    /// The scores, <c>[P]</c>; valid for as many first pairs as the task returned. NaN is not a score: the pair is damaged.
    /// </summary>
    public ReadOnlyMemory<float> Scored => Scores;

    internal RecordTable Query { get; }

    internal ReadOnlyMemory<long> Slots { get; }

    internal Memory<float> Scores { get; }

    /// <inheritdoc/>
    protected override int GetResult() => Done;

    /// <inheritdoc/>
    protected override bool TryGetPartial(out int result)
    {
        result = Done;
        return true;
    }
}
