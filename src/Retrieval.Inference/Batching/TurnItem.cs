namespace Retrieval.Inference.Batching;

/// <summary>A turn at the whole device, for what is not queries: encoding what is ingested, building, measuring.</summary>
internal sealed class TurnItem(long cost, WorkLimits limits) : WorkItem<IDisposable>(TurnLane.Instance, 1, cost, limits)
{
    private readonly Turn _turn = new();

    /// <summary>Gives the turn and waits until it is given back.</summary>
    public void Hold()
    {
        GiveNow(_turn);
        _turn.WaitUntilReturned();
    }

    private protected override IDisposable GetResult() => _turn;

    private sealed class Turn : IDisposable
    {
        private readonly ManualResetEventSlim _returned = new();

        public void Dispose() => _returned.Set();

        public void WaitUntilReturned() => _returned.Wait();
    }

    private sealed class TurnLane : ILane
    {
        public static readonly TurnLane Instance = new();

        public string Kind => "turn";

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
