using System.Threading.RateLimiting;
using Retrieval.Server.Limits.Callers;

namespace Retrieval.Server.Tests.Access;

public sealed class SharedPermitsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Where_callers_are_not_told_apart_the_bound_is_the_bound()
    {
        var permits = new SharedPermits(2);
        using var first = permits.TryTake(null);
        var second = permits.TryTake(null);
        Assert.False(permits.TryTake(null).IsAcquired);

        second.Dispose();
        second.Dispose();
        using var third = permits.TryTake(null);
        Assert.True(first.IsAcquired && third.IsAcquired);
        Assert.False(permits.TryTake(null).IsAcquired);
    }

    [Fact]
    public void Who_holds_nothing_gets_one_beside_whoever_holds_all_and_all_together_four_times_the_bound_at_most()
    {
        var permits = new SharedPermits(4);
        Assert.Equal(4, Enumerable.Range(0, 10).Count(_ => permits.TryTake("noisy").IsAcquired));
        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => permits.TryTake("quiet").IsAcquired));
        Assert.Equal(10, Enumerable.Range(0, 20).Count(i => permits.TryTake($"other {i}").IsAcquired));
    }

    [Fact]
    public async Task Whoever_waits_gets_the_next_one_in_order_and_who_leaves_takes_none()
    {
        var permits = new SharedPermits(1, queue: 3);
        var held = permits.TryTake(null);
        using var leaving = new CancellationTokenSource();
        var waiting = new[] { leaving.Token, Cancelled, Cancelled }.Select(token => permits.TakeAsync(null, token).AsTask()).ToList();
        Assert.False((await permits.TakeAsync(null, Cancelled)).IsAcquired);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0]);
        var late = permits.TakeAsync(null, Cancelled).AsTask();
        held.Dispose();
        using (var next = await waiting[1])
        {
            Assert.True(next.IsAcquired);
            Assert.False(waiting[2].IsCompleted);
        }

        (await waiting[2]).Dispose();
        (await late).Dispose();
        Assert.True(permits.TryTake(null).IsAcquired);
    }

    [Fact]
    public async Task A_caller_who_fills_the_queue_keeps_nobody_out_of_it()
    {
        var permits = new SharedPermits(1, queue: 2);
        var noisy = permits.TryTake("noisy");
        var waiting = Enumerable.Range(0, 2).Select(_ => permits.TakeAsync("noisy", Cancelled).AsTask()).ToList();
        Assert.False((await permits.TakeAsync("noisy", Cancelled)).IsAcquired);
        var quiet = await permits.TakeAsync("quiet", Cancelled);
        var second = permits.TakeAsync("quiet", Cancelled).AsTask();

        Assert.True(quiet.IsAcquired);
        Assert.False(second.IsCompleted);
        quiet.Dispose();
        (await second).Dispose();
        noisy.Dispose();
        foreach (var each in waiting)
        {
            (await each).Dispose();
        }
    }

    [Fact]
    public async Task Whatever_callers_do_none_is_lost_and_none_is_given_twice()
    {
        const int most = 5;
        var (permits, random) = (new SharedPermits(most, queue: 3), new Random(1));
        var held = new List<RateLimitLease>();
        var waiting = new List<(Task<RateLimitLease> Task, CancellationTokenSource Leaving)>();
        for (var i = 0; i < 5000; i++)
        {
            switch (random.Next(3))
            {
                case 0:
                    var leaving = new CancellationTokenSource();
                    waiting.Add((permits.TakeAsync(random.Next(4) is > 0 and var caller ? $"{caller}" : null, leaving.Token).AsTask(), leaving));
                    break;
                case 1 when held.Count > 0:
                    var at = random.Next(held.Count);
                    held[at].Dispose();
                    held.RemoveAt(at);
                    break;
                case 2 when waiting.Count > 0:
                    await waiting[random.Next(waiting.Count)].Leaving.CancelAsync();
                    break;
            }

            foreach (var (task, leaving) in waiting.Where(entry => entry.Task.IsCompleted || entry.Leaving.IsCancellationRequested).ToList())
            {
                var lease = await Outcome(task);
                held.AddRange(lease is { IsAcquired: true } ? [lease] : []);
                leaving.Dispose();
                waiting.Remove((task, leaving));
            }

            Assert.InRange(held.Count, 0, 4 * most);
            if (held.Count == 0 && waiting.Count > 0)
            {
                // Nobody waits for a permit that nobody has.
                await Task.WhenAny(waiting.Select(entry => entry.Task)).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
            }
        }

        held.ForEach(lease => lease.Dispose());
        foreach (var (task, leaving) in waiting)
        {
            (await task).Dispose();
            leaving.Dispose();
        }

        Assert.Equal(most, Enumerable.Range(0, 2 * most).Count(_ => permits.TryTake(null).IsAcquired));
    }

    // Null for who has left.
    private static async Task<RateLimitLease?> Outcome(Task<RateLimitLease> task)
    {
        try
        {
            return await task;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
