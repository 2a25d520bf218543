namespace Retrieval.Bench.Load;

/// <summary>
/// Requests that arrive on schedule, whether those before them were answered or not. Latency counts from when a request was due, so
/// a server that stalls is charged for every request that arrived in the meantime, and so is a late generator: its own delay is
/// reported separately. If too many are waiting, a request is not sent, and is counted as such.
/// </summary>
/// <param name="send">Sends one request.</param>
/// <param name="inFlight">Limits the requests that wait for answers, across consecutive phases.</param>
internal sealed class OpenLoop(Send send, InFlight inFlight)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _drained;
    private Exception? _error;

    /// <summary>Runs one phase; ends with its last arrival, not with the last answer.</summary>
    /// <param name="rate">Arrivals per second.</param>
    /// <param name="seed">Seed of the arrivals.</param>
    /// <param name="length">Length of the phase.</param>
    /// <param name="recorder">Records the requests.</param>
    /// <param name="cancellationToken">Stops the phase.</param>
    public async Task RunAsync(double rate, int seed, PhaseLength length, PhaseRecorder recorder, CancellationToken cancellationToken)
    {
        var clock = new PhaseClock(length.WarmUp);
        var schedule = new ArrivalSchedule(rate, seed);
        long number = 0;
        long taken = 0;
        if (length.Queries is null)
        {
            recorder.EndAt(length.Seconds);
        }

        while (true)
        {
            var due = schedule.Next() - length.WarmUp;
            if (due >= length.Seconds || (due >= 0 && ++taken > length.Queries))
            {
                break;
            }

            // Timers have millisecond resolution: rounded up, since rounding down would spend the remainder in a busy loop.
            for (var left = due - clock.Now; left > 0; left = due - clock.Now)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left * 1000)), cancellationToken).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (inFlight.TryEnter())
            {
                _ = SendAsync(number++, due, clock, recorder, cancellationToken);
            }
            else
            {
                recorder.NotSent(due);
            }
        }

        // The phase keeps its full length, even if the last arrival came before its end.
        for (var left = length.Seconds - clock.Now; length.Queries is null && left > 0; left = length.Seconds - clock.Now)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left * 1000)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the answers to all sent requests.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        Task drained;
        lock (_gate)
        {
            if (inFlight.Now == 0)
            {
                drained = Task.CompletedTask;
            }
            else
            {
                _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                drained = _drained.Task;
            }
        }

        await drained.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_error is { } error)
        {
            throw new InvalidOperationException("a request of the load generator ended in a way it does not know", error);
        }
    }

    private async Task SendAsync(long number, double due, PhaseClock clock, PhaseRecorder recorder, CancellationToken cancellationToken)
    {
        try
        {
            var sent = clock.Now;
            var exchange = await send(number, cancellationToken).ConfigureAwait(false);
            recorder.Record(exchange, due, sent, clock.Now);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The whole run ends.
        }
#pragma warning disable CA1031 // Nobody awaits this task: what it throws is kept for DrainAsync to tell.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _error, exception, null);
        }
        finally
        {
            lock (_gate)
            {
                inFlight.Leave();
                if (inFlight.Now == 0)
                {
                    _drained?.TrySetResult();
                }
            }
        }
    }
}
