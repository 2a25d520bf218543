namespace Retrieval.Search.Replication;

/// <summary>
/// State of a replica relative to the catalog: the follower writes it, status requests read it, and writers wait in it until
/// what they wrote has arrived at this replica.
/// </summary>
public sealed class FollowState
{
    // While someone waits for an epoch that a poll did not bring (a standby that lags, for example), polls follow each other
    // at this interval, however many are waiting.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private TaskCompletionSource _stepped = NewSignal();
    private TaskCompletionSource _nudged = NewSignal();
    private int _waiting;
    private FollowReport _report = new(null, 0, 0, null, null);

    /// <summary>Result of the last poll.</summary>
    public FollowReport Report
    {
        get
        {
            lock (_gate)
            {
                return _report;
            }
        }
    }

    /// <summary>Records the result of a poll; those waiting for an epoch check it.</summary>
    public void Set(FollowReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        TaskCompletionSource stepped;
        lock (_gate)
        {
            _report = report;
            (stepped, _stepped) = (_stepped, NewSignal());
        }

        stepped.TrySetResult();
    }

    /// <summary>Asks for a poll at once.</summary>
    public void Nudge()
    {
        lock (_gate)
        {
            _nudged.TrySetResult();
        }
    }

    /// <summary>
    /// Waits until the next poll is due: for the pause, for a short one if someone waits for its result, or until a nudge.
    /// </summary>
    public async Task PauseAsync(TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        Task nudged;
        lock (_gate)
        {
            nudged = _nudged.Task;
            pause = _waiting > 0 && pause > Least ? Least : pause;
        }

        try
        {
            await nudged.WaitAsync(pause, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return;
        }

        lock (_gate)
        {
            _nudged = NewSignal();
        }
    }

    /// <summary>Makes the replica poll at once, and waits until it serves an epoch.</summary>
    /// <param name="indexId">Number of the index in the catalog.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="longest">Longest wait.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it serves the epoch.</returns>
    public async Task<bool> ReachAsync(int indexId, long epoch, TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        var began = time.GetTimestamp();
        lock (_gate)
        {
            if (Serves(indexId, epoch))
            {
                return true;
            }

            _waiting++;
            _nudged.TrySetResult();
        }

        try
        {
            while (true)
            {
                Task stepped;
                lock (_gate)
                {
                    if (Serves(indexId, epoch))
                    {
                        return true;
                    }

                    stepped = _stepped.Task;
                }

                var left = longest - time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                await stepped.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_gate)
            {
                _waiting--;
            }
        }
    }

    private bool Serves(int indexId, long epoch) => _report.Served?.IndexId == indexId && _report.ServedEpoch >= epoch;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
