namespace Retrieval.Search.Catalogs;

/// <summary>
/// Where a replica stands towards the catalog: written by whoever follows it, read by whoever is asked, and where a writer
/// waits until what it wrote has arrived here.
/// </summary>
public sealed class FollowState
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _stepped = NewSignal();
    private TaskCompletionSource _nudged = NewSignal();
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

    /// <summary>Waits until it is time for the next look: for the pause, or until somebody nudges.</summary>
    public async Task PauseAsync(TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        Task nudged;
        lock (_gate)
        {
            nudged = _nudged.Task;
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
        while (true)
        {
            Task stepped;
            lock (_gate)
            {
                if (_report.Served?.IndexId == indexId && _report.ServedEpoch >= epoch)
                {
                    return true;
                }

                stepped = _stepped.Task;
                _nudged.TrySetResult();
            }

            var left = longest - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            try
            {
                await stepped.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
