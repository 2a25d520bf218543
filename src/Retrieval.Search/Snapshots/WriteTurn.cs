namespace Retrieval.Search.Snapshots;

/// <summary>
/// Lets one change of a snapshot run at a time. A change can be withdrawn by somebody who does not wait for it.
/// </summary>
#pragma warning disable CA1001 // A source without a timer or a handle has nothing to dispose of.
internal sealed class WriteTurn
#pragma warning restore CA1001
{
    private readonly Lock _turn = new();

    // Cancelled by a withdrawal, and replaced for the changes after it.
    private CancellationTokenSource _withdrawal = new();

    /// <summary>Waits for the turn and runs a change, whose token is cancelled too when it is withdrawn.</summary>
    /// <param name="change">The change.</param>
    /// <param name="withdrawn">The exception for a change that was withdrawn.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public T Run<T>(Func<CancellationToken, T> change, Func<Exception> withdrawn, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            // Taken before the change begins: one that begins after a withdrawal sees what was the reason for it.
            var withdrawal = Volatile.Read(ref _withdrawal).Token;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, withdrawal);
            try
            {
                return change(either.Token);
            }
            catch (OperationCanceledException) when (withdrawal.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw withdrawn();
            }
        }
    }

    /// <summary>Waits for the turn and runs a change that nothing withdraws.</summary>
    public T Run<T>(Func<T> change)
    {
        lock (_turn)
        {
            return change();
        }
    }

    /// <summary>Withdraws the change that runs, and runs another: at once if it can, otherwise as soon as that one has ended.</summary>
    public void Withdraw(Action instead)
    {
        Interlocked.Exchange(ref _withdrawal, new CancellationTokenSource()).Cancel();
        if (!_turn.TryEnter())
        {
            _ = Task.Run(() =>
            {
                lock (_turn)
                {
                    instead();
                }
            });
            return;
        }

        try
        {
            instead();
        }
        finally
        {
            _turn.Exit();
        }
    }
}
