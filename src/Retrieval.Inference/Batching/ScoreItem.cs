using Retrieval.Inference.Records;

namespace Retrieval.Inference.Batching;

/// <summary>
/// One query against rows of a bank. Its task gives the number of pairs that were scored: all of them, or, when the
/// deadline passed, those of the first so many slots.
/// </summary>
public sealed class ScoreItem : WorkItem<int>
{
    /// <summary>Makes it.</summary>
    /// <param name="lane">Scorer and bank.</param>
    /// <param name="query">The query's record, a table of one. Must live until the task has ended.</param>
    /// <param name="slots">Rows of the bank, <c>[P]</c>.</param>
    /// <param name="scores">Receives the scores, <c>[P]</c>.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public ScoreItem(ScoreLane lane, RecordTable query, ReadOnlyMemory<long> slots, Memory<float> scores, WorkLimits limits)
        : base(lane, slots.Length, slots.Length, limits)
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

    internal RecordTable Query { get; }

    internal ReadOnlyMemory<long> Slots { get; }

    internal Memory<float> Scores { get; }

    private protected override int GetResult() => Done;

    private protected override bool TryGetPartial(out int partial)
    {
        partial = Done;
        return true;
    }
}
