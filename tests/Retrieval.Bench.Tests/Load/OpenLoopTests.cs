using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

/// <summary>Open loops against a real Kestrel that holds its answers back.</summary>
public sealed class OpenLoopTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_arrives_while_the_server_stalls_is_charged_for_all_of_his_wait()
    {
        const int requests = 60;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clock = Stopwatch.StartNew();
        var arrived = new double[requests];
        await using var server = await TestServer.StartAsync(async (context, number) =>
        {
            arrived[number] = clock.Elapsed.TotalMilliseconds;
            await gate.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(TestServer.Answer, context.RequestAborted);
        });
        using var client = server.Client(TestServer.Options);
        var loop = new OpenLoop(client.SendAsync, new InFlight(1000));
        var recorder = new PhaseRecorder();

        // All of them arrive, though not one has been answered: nobody waits for who came before.
        await loop.RunAsync(300, 1, new PhaseLength(0, 600, requests), recorder, Cancelled);
        await Eventually.TrueAsync(() => server.Entered == requests && !Array.Exists(arrived, at => at == 0), "all have arrived");
        var opened = clock.Elapsed.TotalMilliseconds;
        gate.SetResult();
        await loop.DrainAsync(Cancelled);

        // Each waited at least from when he came till the end of the stall.
        Array.Sort(arrived);
        var latencies = recorder.Read().AnsweredMs!;
        Assert.Equal(requests, latencies.Count);
        Assert.True(latencies.Max >= opened - arrived[0], $"{latencies}");
        Assert.True(latencies.P50 >= (opened - arrived[requests / 2]) * (1 - LatencyHistogram.RelativeError), $"{latencies}");
        Assert.True(latencies.Max <= clock.Elapsed.TotalMilliseconds);
    }

    [Fact]
    public async Task A_late_generator_is_charged_to_the_latency_and_told_by_itself()
    {
        // The first send holds the pump: the fault is the generator's, and who was due meanwhile was sent late.
        var hold = TimeSpan.FromMilliseconds(200);
        var loop = new OpenLoop(
            (number, _) =>
            {
                if (number == 0)
                {
                    // By the clock that the loop measures with: a wait of SpinUntil ends up to a tick of the coarse clock early.
                    var held = Stopwatch.StartNew();
                    SpinWait.SpinUntil(() => held.Elapsed >= hold);
                }

                return Task.FromResult(new Exchange(ExchangeKind.Answered, 200));
            },
            new InFlight(1000));
        var recorder = new PhaseRecorder();

        await loop.RunAsync(1000, 1, new PhaseLength(0, 600, 50), recorder, Cancelled);
        await loop.DrainAsync(Cancelled);

        // Fifty arrivals at a thousand a second are over long before the hold is.
        var counts = recorder.Read();
        double[] due = [.. Due(1000, 1, 50)];
        var leastOfMedian = hold.TotalMilliseconds - (1000 * (due[25] - due[0]));
        Assert.True(leastOfMedian > 100);
        Assert.True(counts.AnsweredMs!.P50 >= leastOfMedian * (1 - LatencyHistogram.RelativeError));
        Assert.True(counts.SentLateMs!.P50 >= leastOfMedian * (1 - LatencyHistogram.RelativeError));
    }

    [Fact]
    public async Task No_more_are_in_flight_than_may_be_and_the_others_are_counted_not_delayed()
    {
        const int bound = 5;
        const int arrivals = 80;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.HoldingAsync(gate.Task);
        using var client = server.Client(TestServer.Options);
        var inFlight = new InFlight(bound);
        var loop = new OpenLoop(client.SendAsync, inFlight);
        var recorder = new PhaseRecorder();

        await loop.RunAsync(1000, 1, new PhaseLength(0, 600, arrivals), recorder, Cancelled);
        await Eventually.TrueAsync(() => server.Entered == bound, "as many as may have arrived");
        gate.SetResult();
        await loop.DrainAsync(Cancelled);

        var counts = recorder.Read();
        Assert.Equal((bound, bound, arrivals - bound), (server.Entered, (int)counts.Answered, (int)counts.NotSent));
        Assert.Equal((bound, 0), (inFlight.Peak, inFlight.Now));
    }

    [Fact]
    public async Task A_closed_loop_asks_again_only_when_it_has_its_answer()
    {
        var (now, most) = (0, 0);
        var gate = new Lock();
        await using var server = await TestServer.StartAsync(async (context, _) =>
        {
            lock (gate)
            {
                most = Math.Max(most, ++now);
            }

            await Task.Yield();
            lock (gate)
            {
                now--;
            }

            await context.Response.WriteAsync(TestServer.Answer);
        });
        using var client = server.Client(TestServer.Options);
        var recorder = new PhaseRecorder();

        await new ClosedLoop(client.SendAsync).RunAsync(4, new PhaseLength(0, 600, 200), recorder, Cancelled);

        var counts = recorder.Read();
        Assert.Equal((200, 200), (server.Entered, (int)counts.Answered));
        Assert.InRange(most, 1, 4);
        Assert.Equal(counts.Answered / counts.Seconds, counts.GoodPerSecond, 1e-6);
    }

    private static IEnumerable<double> Due(double rate, int seed, int count)
    {
        var schedule = new ArrivalSchedule(rate, seed);
        return Enumerable.Range(0, count).Select(_ => schedule.Next());
    }
}
