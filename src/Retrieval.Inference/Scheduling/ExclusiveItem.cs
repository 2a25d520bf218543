using System.Diagnostics.CodeAnalysis;

namespace Retrieval.Inference.Scheduling;

/// <summary>Exclusive access to the device, for work other than queries: encoding during ingestion, building, measuring.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The event holds nothing but memory unless its handle is asked for, and nobody does.")]
internal sealed class ExclusiveItem(long cost, WorkLimits limits) : WorkItem<IDisposable>(ExclusiveBatcher.Instance, 1, cost, limits)
{
    private readonly ManualResetEventSlim _returned = new();

    /// <summary>Grants access and waits until it is released.</summary>
    public void Hold()
    {
        GiveNow(new Access(_returned));
        _returned.Wait();
    }

    // Never observed: the task completed when access was granted.
    /// <inheritdoc/>
    protected override IDisposable GetResult() => new Access(_returned);

    private sealed class Access(ManualResetEventSlim returned) : IDisposable
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
