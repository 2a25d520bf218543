namespace Retrieval.Bench.Load;

/// <summary>
/// Requests that arrive when they arrive, whether those before them were answered or not. Latency counts from when a
/// request was due, so a server that stalls is charged for everyone who came meanwhile, and so is a generator that is
/// late: its own delay is told by itself. Where too many wait, a request is not sent, and counted as such.
/// </summary>
/// <param name="send">Sends one request.</param>
/// <param name="inFlight">Bounds those that wait for their answers, across phases that follow each other.</param>
internal sealed class OpenLoop(Send send, InFlight inFlight)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _drained;
    private Exception? _error;

    /// <summary>Runs one phase; ends with its last arrival, not with the last answer.</summary>
    /// <param name="rate">Arrivals a second.</param>
    /// <param name="seed">Of the arrivals.</param>
    /// <param name="length">How long.</param>
    /// <param name="recorder">Takes the requests.</param>
    /// <param name="cancellationToken">Ends it.</param>
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

            // Timers have milliseconds: rounded up, since rounded down the last of it would be spent turning in a circle.
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

        // The phase is as long as it was to be, though the last arrival came before its end.
        for (var left = length.Seconds - clock.Now; length.Queries is null && left > 0; left = length.Seconds - clock.Now)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left * 1000)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the answers of all that were sent.</summary>
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
