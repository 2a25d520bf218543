using System.Diagnostics.CodeAnalysis;

namespace Retrieval.Inference.Batching;

/// <summary>A turn at the whole device, for what is not queries: encoding what is ingested, building, measuring.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The event holds nothing but memory unless its handle is asked for, and nobody does.")]
internal sealed class TurnItem(long cost, WorkLimits limits) : WorkItem<IDisposable>(TurnLane.Instance, 1, cost, limits)
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

    private sealed class TurnLane : ILane
    {
        public static readonly TurnLane Instance = new();

        public string Kind => WorkKinds.Exclusive;

        public int PiecesPerCall => 1;

        public IDeviceCall Assemble(IReadOnlyList<WorkSlice> slices) => new TurnCall((TurnItem)slices[0].Item);
    }

    private sealed class TurnCall(TurnItem item) : IDeviceCall
    {
        public void Run() => item.Hold();

        public void Dispose()
        {
        }
    }
}
