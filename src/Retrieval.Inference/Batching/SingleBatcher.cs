using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>Runs items one by one: for work that is asked for too seldom to share a batch.</summary>
/// <typeparam name="TItem">The items, of one unit each.</typeparam>
public sealed class SingleBatcher<TItem> : IBatcher
    where TItem : WorkItem
{
    private readonly Action<TItem> _run;

    /// <param name="kind">What the work is, one of <see cref="WorkKinds"/>.</param>
    /// <param name="run">Does an item's work and keeps the result in it.</param>
    internal SingleBatcher(string kind, Action<TItem> run) => (Kind, _run) = (kind, run);

    /// <inheritdoc/>
    public string Kind { get; }

    /// <inheritdoc/>
    public int MaxBatchSize => 1;

    /// <inheritdoc/>
    public IBatch Assemble(IReadOnlyList<WorkSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        return new SingleBatch(_run, (TItem)slices[0].Item);
    }

    private sealed class SingleBatch(Action<TItem> run, TItem item) : IBatch
    {
        public void Run() => run(item);

        public void Dispose()
        {
        }
    }
}
