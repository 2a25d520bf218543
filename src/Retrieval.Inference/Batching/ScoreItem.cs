using Retrieval.Domain.Bundles;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>
/// One query against rows of a bank. Its task returns the number N of pairs that were scored: all of them or, if the deadline
/// passed, those of the first N slots.
/// </summary>
public sealed class ScoreItem : WorkItem<int>
{
    private readonly ScoreTransform _transform;

    /// <summary>Creates the item.</summary>
    /// <param name="batcher">Scorer and bank.</param>
    /// <param name="query">The query's record, a table with one row. Must stay alive until the task has ended.</param>
    /// <param name="slots">Rows of the bank, <c>[P]</c>.</param>
    /// <param name="transformed">Receives t(score) of each pair, <c>[P]</c>: finite, or NaN for a pair of which one side is damaged.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public ScoreItem(ScoreBatcher batcher, RecordTable query, ReadOnlyMemory<long> slots, Memory<float> transformed, WorkLimits limits)
        : base(batcher, slots.Length, slots.Length, limits)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Count != 1 || transformed.Length != slots.Length)
        {
            throw new ArgumentException($"a table of {query.Count} queries, {slots.Length} slots and {transformed.Length} scores; expected one query and as many scores as slots");
        }

        Query = query;
        Slots = slots;
        Transformed = transformed;
        _transform = batcher.Transform;
    }

    internal RecordTable Query { get; }

    internal ReadOnlyMemory<long> Slots { get; }

    internal Memory<float> Transformed { get; }

    /// <summary>The score of a pair, one of as many first ones as the task returned. NaN is not a score: the pair is damaged.</summary>
    public float Score(int pair) => _transform.ScoreOf(Transformed.Span[pair]);

    /// <inheritdoc/>
    protected override int GetResult() => Done;

    /// <inheritdoc/>
    protected override bool TryGetPartial(out int result)
    {
        result = Done;
        return true;
    }
}
