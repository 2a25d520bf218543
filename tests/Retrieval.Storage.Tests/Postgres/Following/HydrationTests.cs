using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Following;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>The copying of an index: in chunks, from several streams, killed and gone on with.</summary>
public sealed class HydrationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5000)]
    [InlineData(3, 1)]
    [InlineData(3, 5000)]
    [InlineData(5, 1 << 20)]
    public async Task Whatever_the_chunks_and_streams_the_copy_is_the_same(int streams, int chunkBytes)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 60), 0);
        await catalog.PutAsync(Ids(50, 20), 1);
        await catalog.PutAsync(Ids(70, 1), 1);
        await catalog.DeleteAsync(Id(3));
        await catalog.PutAsync(Ids(10, 7), 2);
        await using var follower = catalog.Follower(with: options => options with { Streams = streams, ChunkBytes = chunkBytes });
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(71, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task Progress_rises_to_all_there_is()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 60), 0);
        var seen = new Seen();
        await using var follower = catalog.Follower();
        var step = await follower.StepAsync(seen, Cancellation);
        Assert.True(seen.Reports.Count > 5);
        Assert.Equal(seen.Reports.OrderBy(report => report.Rows), seen.Reports);
        Assert.Equal(new HydrationProgress("blue", 60, 60, step.Bytes), seen.Reports[^1]);
    }

    [Fact]
    public async Task A_part_of_a_change_is_never_committed()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 40), 0);
        await catalog.PutAsync(Ids(40, 25), 0);
        await catalog.PutAsync(Ids(65, 1), 0);
        var committed = new HashSet<long>();
        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1 });
        await follower.StepAsync(new Seen(_ => committed.Add(Images(catalog))), Cancellation);
        Assert.Subset(new HashSet<long> { 0, 40, 65, 66 }, committed);
        Assert.Contains(40, committed);
    }

    [Fact]
    public async Task A_replica_that_is_killed_while_copying_fetches_nothing_again_that_was_committed()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 400; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        using (var host = HostProcess.Start("follow", catalog.Database.OwnerConnectionString, catalog.Cache(), "1", "1"))
        {
            for (var rows = 0; rows < 50;)
            {
                var line = await host.ReadLineAsync();
                Assert.StartsWith("rows ", line);
                rows = int.Parse(line!.Split(' ')[1]);
            }

            await host.KillAsync();
        }

        var there = Images(catalog);
        Assert.InRange(there, 40, 390);
        Assert.Equal(0, there % 10);
        var seen = new Seen();
        await using var follower = catalog.Follower();
        Assert.Null(follower.OpenCached());
        var step = await follower.StepAsync(seen, Cancellation);
        Assert.Equal(400 - there, step.Applied);
        Assert.True(seen.Reports[0].Rows > there);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task What_is_changed_deleted_and_purged_between_the_parts_of_a_copying_is_right_in_the_end()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        using (var stop = new CancellationTokenSource())
        {
            await using var first = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.StepAsync(new Seen(report => { if (report.Rows > 35) { stop.Cancel(); } }), stop.Token));
        }

        Assert.InRange(Images(catalog), 30, 90);
        await catalog.PutAsync(Ids(0, 5), 1);
        await catalog.PutAsync(Ids(92, 2), 1);
        await catalog.DeleteAsync(Id(7));
        await catalog.DeleteAsync(Id(95));
        await using var follower = catalog.Follower();
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
    }

    [Fact]
    public async Task Deletions_purged_before_copying_began_are_no_reason_to_begin_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        await catalog.DeleteAsync(Id(99));
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image where deleted; update retrieval.index set purged_epoch = epoch", Cancellation);
        using (var stop = new CancellationTokenSource())
        {
            await using var first = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.StepAsync(new Seen(report => { if (report.Rows > 35) { stop.Cancel(); } }), stop.Token));
        }

        var there = Images(catalog);
        await using var follower = catalog.Follower();
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(99 - there, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_copying_during_which_deletions_were_purged_begins_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        using (var stop = new CancellationTokenSource())
        {
            await using var first = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.StepAsync(new Seen(report => { if (report.Rows > 35) { stop.Cancel(); } }), stop.Token));
        }

        await catalog.DeleteAsync(Id(7));
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image where deleted; update retrieval.index set purged_epoch = epoch", Cancellation);
        await using var follower = catalog.Follower();
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(99, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_local_disk_that_is_full_is_an_error_that_says_so_and_there_being_room_again_it_goes_on()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 300; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        using (var host = HostProcess.StartWithFileLimit(8, "follow", catalog.Database.OwnerConnectionString, catalog.Cache(), "1", "1"))
        {
            string? line;
            while ((line = await host.ReadLineAsync())?.StartsWith("rows ", StringComparison.Ordinal) == true)
            {
            }

            Assert.StartsWith("IndexWriteException", line);
            Assert.Contains("the disk is full", line);
        }

        var there = Images(catalog);
        Assert.InRange(there, 10, 290);
        await using var follower = catalog.Follower();
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(300 - there, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_follower_that_could_not_write_goes_on_when_it_can()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 10), 0);
        await using var follower = catalog.Follower();
        var copy = (await follower.StepAsync(null, Cancellation)).Index!;
        var before = new Dictionary<string, int>(catalog.State);
        await catalog.PutAsync(Ids(5, 10), 1);
        var obstacle = Directory.CreateDirectory(Path.Combine(copy.Path, "manifest.json.next"));
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<IndexWriteException>(() => follower.StepAsync(null, Cancellation));
            await catalog.HoldsAsync(copy, before);
        }

        obstacle.Delete();
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
    }

    private static long Images(ReplicatedCatalog catalog)
    {
        var path = Path.Combine(catalog.Cache(), $"{catalog.Index.CatalogId:D}-{catalog.Index.IndexId}");
        using var index = LocalIndex.Open(path);
        return index.Images.Count;
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(Id);

    private static string Id(int i) => $"image-{i:D4}";

    private sealed class Seen(Action<HydrationProgress>? then = null) : IProgress<HydrationProgress>
    {
        public List<HydrationProgress> Reports { get; } = [];

        public void Report(HydrationProgress value)
        {
            Reports.Add(value);
            then?.Invoke(value);
        }
    }
}
