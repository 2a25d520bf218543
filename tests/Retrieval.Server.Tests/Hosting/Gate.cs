namespace Retrieval.Server.Tests.Hosting;

/// <summary>Holds requests until it is opened, and counts what becomes of them.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _entered;
    private int _cancelled;

    public int Entered => Volatile.Read(ref _entered);

    public int Cancelled => Volatile.Read(ref _cancelled);

    public void Open() => _open.TrySetResult();

    public async Task<string> PassAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _entered);
        try
        {
            await _open.Task.WaitAsync(cancellationToken);
            return "passed";
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
            throw;
        }
    }
}
