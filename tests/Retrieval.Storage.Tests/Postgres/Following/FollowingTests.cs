using System.Diagnostics;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Tests.Local;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>A replica that starts empty, and follows.</summary>
public sealed class FollowingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_of_an_empty_index_is_an_empty_index()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var follower = catalog.Follower();
        Assert.Null(follower.OpenCached());
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(new FollowStep(step.Index, Changed: true, null, 0, More: false, 0, 0, null), step with { Bytes = 0 });
        Assert.Equal(new FollowedIndex(step.Index!.Path, catalog.Index.IndexId, "blue", catalog.Index.Schema.Fingerprint, 0), step.Index);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_replica_holds_what_an_index_written_directly_holds()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 150), 0);
        for (var i = 150; i < 200; i++)
        {
            await catalog.PutAsync(Ids(i, 1), i);
        }

        await using var follower = catalog.Follower();
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal((51, 200, true), (step.CatalogEpoch, step.Applied, step.Changed));
        Assert.Equal(51, step.Index!.Epoch);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task Puts_replacements_deletions_and_ids_that_come_back_are_followed()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var follower = catalog.Follower();
        await catalog.PutAsync(Ids(0, 20), 0);
        await follower.StepAsync(null, Cancellation);

        await catalog.PutAsync(Ids(5, 3), 1);
        await catalog.HoldsAsync(await Changed(3));
        await catalog.DeleteAsync(Id(6));
        await catalog.DeleteAsync(Id(0));
        await catalog.HoldsAsync(await Changed(2));
        await catalog.PutAsync([Id(6)], 2);
        await catalog.PutAsync([Id(6)], 3);
        await catalog.DeleteAsync(Id(19));
        await catalog.PutAsync([Id(19)], 4);
        await catalog.PutAsync([Id(18)], 5);
        await catalog.DeleteAsync(Id(18));
        await catalog.HoldsAsync(await Changed(3));

        var quiet = await follower.StepAsync(null, Cancellation);
        Assert.False(quiet.Changed);
        Assert.Equal((0, 0), (quiet.Applied, quiet.Bytes));

        async Task<FollowedIndex?> Changed(int applied)
        {
            var step = await follower.StepAsync(null, Cancellation);
            Assert.True(step.Changed);
            Assert.Equal(applied, step.Applied);
            Assert.Equal(step.CatalogEpoch, step.Index!.Epoch);
            return step.Index;
        }
    }

    [Fact]
    public async Task Readers_keep_the_generation_they_opened()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var follower = catalog.Follower();
        await catalog.PutAsync(Ids(0, 20), 0);
        var before = new Dictionary<string, int>(catalog.State);
        using var opened = LocalIndex.Open((await follower.StepAsync(null, Cancellation)).Index!.Path);
        await catalog.PutAsync(Ids(0, 30), 1);
        await catalog.DeleteAsync(Id(1));
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
        IndexAssert.Holds(opened, before);
    }

    [Fact]
    public async Task Two_replicas_hold_the_same()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var first = catalog.Follower("first");
        await using var second = catalog.Follower("second", options => options with { Streams = 1, ChunkBytes = 1 << 20 });
        await catalog.PutAsync(Ids(0, 40), 0);
        await first.StepAsync(null, Cancellation);
        await catalog.PutAsync(Ids(20, 40), 1);
        await catalog.DeleteAsync(Id(3));
        await catalog.HoldsAsync((await first.StepAsync(null, Cancellation)).Index);
        await catalog.HoldsAsync((await second.StepAsync(null, Cancellation)).Index);
    }

    [Fact]
    public async Task A_replica_started_again_opens_its_copy_without_Postgres_and_goes_on_where_it_was()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 40), 0);
        FollowedIndex? copy;
        await using (var follower = catalog.Follower())
        {
            copy = (await follower.StepAsync(null, Cancellation)).Index;
        }

        await catalog.PutAsync(Ids(10, 2), 1);
        await using var again = catalog.Follower();
        Assert.Equal(copy, again.OpenCached());
        var step = await again.StepAsync(null, Cancellation);
        Assert.Equal((2, true), (step.Applied, step.Changed));
        Assert.Equal(copy!.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_started_replica_that_finds_nothing_new_reports_no_change()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 4), 0);
        await using (var follower = catalog.Follower())
        {
            await follower.StepAsync(null, Cancellation);
        }

        await using var again = catalog.Follower();
        again.OpenCached();
        Assert.False((await again.StepAsync(null, Cancellation)).Changed);
    }

    [Fact]
    public async Task A_step_with_nothing_new_asks_once()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 4), 0);
        await using var follower = catalog.Follower();
        await follower.StepAsync(null, Cancellation);
        await follower.StepAsync(null, Cancellation);
        var asked = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => Interlocked.Add(ref asked, activity.TagObjects.Any(tag => Equals(tag.Value, catalog.Database.Name)) ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);
        await follower.StepAsync(null, Cancellation);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_copy_of_which_much_is_buried_is_compacted()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var follower = catalog.Follower(with: options => options with { CompactFrom = 30 });
        await catalog.PutAsync(Ids(0, 20), 0);
        await follower.StepAsync(null, Cancellation);
        await catalog.PutAsync(Ids(0, 8), 1);
        Assert.Equal((1, 28), Epoch((await follower.StepAsync(null, Cancellation)).Index));
        await catalog.PutAsync(Ids(0, 4), 2);
        var step = await follower.StepAsync(null, Cancellation);
        Assert.True(step.Changed);
        Assert.Equal((2, 20), Epoch(step.Index));
        await catalog.HoldsAsync(step.Index);
        await catalog.PutAsync(Ids(30, 2), 3);
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
    }

    private static (int, long) Epoch(FollowedIndex? copy)
    {
        using var index = LocalIndex.Open(copy!.Path);
        return (index.SlotEpoch, index.Images.Slots);
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(Id);

    private static string Id(int i) => $"image-{i:D4}";
}
