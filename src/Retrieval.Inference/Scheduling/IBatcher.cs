namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Assembles batches of one kind of work on one model and bank. Requests of one batcher may share a batch; those of
/// different batchers never do.
/// </summary>
public interface IBatcher
{
    /// <summary>Kind of work, for metrics: <c>score</c>, <c>explain</c>, <c>encode</c>, <c>shortlist</c>, or <c>turn</c> for exclusive access.</summary>
    string Kind { get; }

    /// <summary>Most units of one batch: pairs of a scorer, captions of an encoder.</summary>
    int MaxBatchSize { get; }

    /// <summary>Units at which a batch is large enough: no further request is added to it.</summary>
    int PreferredBatchSize => MaxBatchSize;

    /// <summary>
    /// Whether a batch is assembled while the device still runs the previous one. That saves the time of copying where the device is not
    /// the processor that copies. Otherwise the next batch is decided when the device is free: what comes late and is small still goes
    /// first.
    /// </summary>
    bool AssemblesAhead => false;

    /// <summary>Assembles units of one or more requests into a batch, on the assembling thread.</summary>
    IBatch Assemble(IReadOnlyList<WorkSlice> slices);
}
