using Retrieval.Inference.Banks;

namespace Retrieval.Search.Tests;

/// <summary>Stops the copying of a bank after its first step, on the thread that copies, until it is released.</summary>
internal sealed class HeldCopy : IProgress<BankProgress>, IDisposable
{
    private readonly ManualResetEventSlim _released = new();
    private TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the copying stands.</summary>
    public Task BegunAsync => _begun.Task;

    public void Report(BankProgress value)
    {
        _begun.TrySetResult();
        _released.Wait(TestContext.Current.CancellationToken);
    }

    public void Release() => _released.Set();

    /// <summary>Stops the next copying.</summary>
    public void Hold()
    {
        _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _released.Reset();
    }

    // Whoever still stands goes on.
    public void Dispose() => _released.Set();
}
