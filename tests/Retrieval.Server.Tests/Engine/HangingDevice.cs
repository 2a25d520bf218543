using Retrieval.Inference.Scheduling;

namespace Retrieval.Server.Tests.Engine;

/// <summary>A batch that runs until it is released: a fault on purpose, in the real queue.</summary>
internal sealed class HangingDevice : IBatcher, IBatch
{
    private readonly ManualResetEventSlim _released = new();

    public string Kind => "score";

    public int MaxBatchSize => 1;

    public WorkItem<int> Work() => new Item(this);

    public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => this;

    public void Run() => _released.Wait();

    public void Release() => _released.Set();

    // Of the batch.
    public void Dispose()
    {
    }

    private sealed class Item(IBatcher lane) : WorkItem<int>(lane, 1, 1, default)
    {
        protected override int GetResult() => 0;
    }
}
