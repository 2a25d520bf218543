namespace Retrieval.Bench.Load;

/// <summary>
/// A number of clients, each of which sends its next request as soon as it has an answer. This measures the capacity of a server,
/// not its behaviour with callers who do not wait for each other.
/// </summary>
/// <param name="send">Sends one request.</param>
internal sealed class ClosedLoop(Send send)
{
    /// <summary>A client that was refused or failed waits as long as the server asks, but no longer than this.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs one level: warms up, then sends requests for a time or up to a number, whichever ends first.</summary>
    public async Task RunAsync(int clients, PhaseLength length, PhaseRecorder recorder, CancellationToken cancellationToken)
    {
        var clock = new PhaseClock(length.WarmUp);
        long number = 0;
        long taken = 0;
        if (length.Queries is null)
        {
            recorder.EndAt(length.Seconds);
        }

        async Task AskAsync()
        {
            while (true)
            {
                var sent = clock.Now;
                if (sent >= length.Seconds || (sent >= 0 && Interlocked.Increment(ref taken) > length.Queries))
                {
                    return;
                }

                var exchange = await send(Interlocked.Increment(ref number) - 1, cancellationToken).ConfigureAwait(false);
                recorder.Record(exchange, sent, sent, clock.Now);
                if (exchange.Kind is ExchangeKind.Shed or ExchangeKind.Refused or ExchangeKind.Failed)
                {
                    var pause = exchange.RetryAfter ?? Pause;
                    await Task.Delay(pause < LongestPause ? pause : LongestPause, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(AskAsync, cancellationToken))).ConfigureAwait(false);
    }
}
