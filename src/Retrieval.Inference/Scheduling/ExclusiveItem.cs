using System.Diagnostics.CodeAnalysis;

namespace Retrieval.Inference.Scheduling;

/// <summary>A turn at the whole device, for what is not queries: encoding what is ingested, building, measuring.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The event holds nothing but memory unless its handle is asked for, and nobody does.")]
internal sealed class ExclusiveItem(long cost, WorkLimits limits) : WorkItem<IDisposable>(ExclusiveBatcher.Instance, 1, cost, limits)
{
    private readonly ManualResetEventSlim _returned = new();

    /// <summary>Gives the turn and waits until it is given back.</summary>
    public void Hold()
    {
        GiveNow(new Turn(_returned));
        _returned.Wait();
    }

    // Never observed: the task completed when the turn began.
    /// <inheritdoc/>
    protected override IDisposable GetResult() => new Turn(_returned);

    private sealed class Turn(ManualResetEventSlim returned) : IDisposable
    {
        public void Dispose() => returned.Set();
    }

    private sealed class ExclusiveBatcher : IBatcher
    {
        public static readonly ExclusiveBatcher Instance = new();

        public string Kind => WorkKinds.Exclusive;

        public int MaxBatchSize => 1;

        public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => new ExclusiveBatch((ExclusiveItem)slices[0].Item);
    }

    private sealed class ExclusiveBatch(ExclusiveItem item) : IBatch
    {
        public void Run() => item.Hold();

        public void Dispose()
        {
        }
    }
}
