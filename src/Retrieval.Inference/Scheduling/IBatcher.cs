

namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Work of one kind on one model and bank: what may share a call of the device. Requests of one batcher are put together
/// into calls, those of different batchers never.
/// </summary>
public interface IBatcher
{
    /// <summary>Kind of work, for metrics: <c>score</c>, <c>encode</c> or <c>turn</c>.</summary>
    string Kind { get; }

    /// <summary>Most units of one call: pairs of a scorer, captions of an encoder.</summary>
    int MaxBatchSize { get; }

    /// <summary>From how many units on a call is not made larger by units of a further request.</summary>
    int PreferredBatchSize => MaxBatchSize;

    /// <summary>
    /// Puts units of one or more requests together, on the assembling thread, while the device still works on the call
    /// before.
    /// </summary>
    IBatch Assemble(IReadOnlyList<WorkSlice> slices);
}
