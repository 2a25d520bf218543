namespace Retrieval.Search.Replication;

/// <summary>
/// Where a replica stands towards the catalog: written by whoever follows it, read by whoever is asked, and where a writer
/// waits until what it wrote has arrived here.
/// </summary>
public sealed class FollowState
{
    // While somebody waits for an epoch that a look did not bring (a standby that is behind, say), looks follow each other
    // at this distance, however many wait.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private TaskCompletionSource _stepped = NewSignal();
    private TaskCompletionSource _nudged = NewSignal();
    private int _waiting;
    private FollowReport _report = new(null, 0, 0, null, null);

    /// <summary>How the last look ended.</summary>
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

    /// <summary>A look has ended; who waits for an epoch looks at it.</summary>
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

    /// <summary>Asks for a look at once.</summary>
    public void Nudge()
    {
        lock (_gate)
        {
            _nudged.TrySetResult();
        }
    }

    /// <summary>Waits until it is time for the next look: for the pause, or a short one if somebody waits for what it brings, or until somebody nudges.</summary>
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

    /// <summary>Has the replica look at once, and waits until it serves an epoch.</summary>
    /// <param name="indexId">Number of the index in the catalog.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="longest">Longest wait.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it does.</returns>
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
