using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Tests.Catalogs;

/// <summary>When the catalog is asked, when it is not, and where a writer waits for what it wrote.</summary>
public sealed class CatalogCircuitBreakerTests
{
    [Fact]
    public void Nobody_waits_between_a_failure_and_an_answer_to_what_was_asked_since()
    {
        var link = new CatalogCircuitBreaker(TimeProvider.System);
        Assert.True(link.MayAsk);
        Assert.False(link.IsUp);

        var early = link.Probe();
        Assert.True(link.Failed());
        Assert.False(link.Failed());
        Assert.False(link.MayAsk || link.IsUp);

        // An answer to what was asked before the failure says nothing about what came after.
        link.Answered(early);
        Assert.False(link.MayAsk || link.IsUp);
        Assert.NotNull(link.SinceAnswer);

        link.Answered(link.Probe());
        Assert.True(link.MayAsk && link.IsUp);
        Assert.True(link.Failed());
    }

    [Fact]
    public void Late_queries_count_only_in_a_row()
    {
        var link = new CatalogCircuitBreaker(TimeProvider.System);
        link.Late();
        Assert.True(link.MayAsk && link.IsDoubtful);
        link.Late();
        link.InTime();
        Assert.False(link.IsDoubtful);
        link.Late();
        link.Late();
        link.Answered(link.Probe());
        link.Late();
        link.Late();
        Assert.True(link.MayAsk);

        var early = link.Probe();
        link.Late();
        Assert.False(link.MayAsk || link.IsUp || link.IsDoubtful);

        // Neither a query that was out already nor an answer to an older question brings it back.
        link.InTime();
        link.Answered(early);
        Assert.False(link.MayAsk);
        link.Answered(link.Probe());
        Assert.True(link.MayAsk && link.IsUp);
    }

    [Fact]
    public async Task Who_waits_has_a_look_taken_at_once_and_then_now_and_then()
    {
        var time = new ManualTime();
        var state = new FollowState();
        var hour = TimeSpan.FromHours(1);
        var waiting = Enumerable.Range(0, 10).Select(_ => state.ReachAsync(1, 5, hour, time, TestContext.Current.CancellationToken)).ToList();
        await state.PauseAsync(hour, time, TestContext.Current.CancellationToken);
        for (var look = 0; look < 3; look++)
        {
            state.Set(new FollowReport(new ServedIndex("/cache", "blue", 1, "f"), 4, 4, null, null));
            var before = time.Waits.Count;
            var pause = state.PauseAsync(hour, time, TestContext.Current.CancellationToken);
            Assert.False(pause.IsCompleted);
            Assert.Contains(TimeSpan.FromMilliseconds(50), time.Waits.Skip(before));

            // A new one is not kept waiting.
            waiting.Add(state.ReachAsync(1, 5, hour, time, TestContext.Current.CancellationToken));
            await pause;
        }

        state.Set(new FollowReport(new ServedIndex("/cache", "blue", 1, "f"), 5, 5, null, null));
        Assert.All(await Task.WhenAll(waiting), Assert.True);
        var made = time.Waits.Count;
        var idle = state.PauseAsync(hour, time, TestContext.Current.CancellationToken);
        Assert.False(idle.IsCompleted);
        Assert.Equal([hour], time.Waits.Skip(made));
    }

    [Fact]
    public async Task A_writer_waits_for_the_epoch_of_its_index_and_no_longer_than_it_may()
    {
        var time = new ManualTime();
        var state = new FollowState();
        var blue = new ServedIndex("/cache", "blue", 1, "f");
        var reached = state.ReachAsync(1, 5, TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken);
        var nudged = state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        await nudged;
        Assert.False(reached.IsCompleted);
        state.Set(new FollowReport(blue, 4, 4, null, null));
        state.Set(new FollowReport(blue with { IndexId = 2 }, 9, 9, null, null));
        Assert.False(reached.IsCompleted);
        state.Set(new FollowReport(blue, 5, 6, null, null));
        Assert.True(await reached);
        Assert.Equal(1, state.Report.Lag);

        var late = state.ReachAsync(1, 7, TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(await late);
        Assert.True(await state.ReachAsync(1, 5, TimeSpan.Zero, time, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_pause_ends_by_itself_and_a_nudge_before_it_is_not_lost()
    {
        var time = new ManualTime();
        var state = new FollowState();
        var pause = state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        Assert.False(pause.IsCompleted);
        time.Advance(TimeSpan.FromHours(1));
        await pause;

        state.Nudge();
        await state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        var again = state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        Assert.False(again.IsCompleted);
        state.Nudge();
        await again;
    }
}
