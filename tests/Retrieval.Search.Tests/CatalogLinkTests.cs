using Retrieval.Search.Catalogs;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Tests;

/// <summary>When the catalog is asked, when it is not, and where a writer waits for what it wrote.</summary>
public sealed class CatalogLinkTests
{
    [Fact]
    public void Nobody_waits_between_a_failure_and_an_answer_to_what_was_asked_since()
    {
        var link = new CatalogLink(TimeProvider.System);
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
        time.Fire();
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
        time.Fire();
        await pause;

        state.Nudge();
        await state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        var again = state.PauseAsync(TimeSpan.FromHours(1), time, TestContext.Current.CancellationToken);
        Assert.False(again.IsCompleted);
        state.Nudge();
        await again;
    }
}
