using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>What others do to an index while a replica copies it.</summary>
public sealed class ConcurrentChangeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    public async Task Writers_that_go_on_while_an_index_is_copied_and_followed_lose_nothing_there(int seed, int streams)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 200; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        await using var follower = catalog.Follower(with: options => options with { Streams = streams, ChunkBytes = 2000, CommitBytes = 1 });
        var random = new Random(seed);
        var copying = Task.Run(
            async () =>
            {
                while ((await follower.StepAsync(null, Cancellation)) is { Warning: null, Index: null or { Epoch: < 100 } })
                {
                }
            },
            Cancellation);
        for (var change = 0; change < 80 || await catalog.Database.AskAsAdminAsync<long>("select epoch from retrieval.index", Cancellation) < 110; change++)
        {
            var id = random.Next(220);
            if (random.Next(3) == 0)
            {
                await catalog.DeleteAsync(Id(id));
            }
            else
            {
                await catalog.PutAsync(Ids(id, random.Next(1, 5)), change + 1);
            }
        }

        await copying;
        var step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Null(step.Warning);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_purge_that_overtakes_a_copy_under_way_has_it_begun_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
        var step = await follower.StepAsync(
            new Once(15, () =>
            {
                catalog.DeleteAsync(Id(2)).GetAwaiter().GetResult();
                catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image where deleted; update retrieval.index set purged_epoch = epoch", Cancellation).GetAwaiter().GetResult();
            }),
            Cancellation);
        Assert.Equal((null, true), (step.Index, step.More));
        Assert.Contains("are gone", step.Warning);
        step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Null(step.Warning);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task An_index_that_is_dropped_while_it_is_copied_is_an_error_and_what_is_active_then_is_copied()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 2 });
        var fault = await Assert.ThrowsAsync<CatalogException>(() => follower.StepAsync(
            new Once(15, () =>
            {
                CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", SampleCorpus.Schema, Cancellation).GetAwaiter().GetResult();
                CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation).GetAwaiter().GetResult();
                CatalogIndexes.DropAsync(catalog.Catalog, "blue", Cancellation).GetAwaiter().GetResult();
            }),
            Cancellation));
        Assert.Equal(CatalogFault.Index, fault.Fault);
        Assert.Contains("dropped", fault.Message);

        // The name again, for another index.
        var blue = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "blue", SampleCorpus.Schema, Cancellation);
        Assert.NotEqual(catalog.Index.IndexId, blue.IndexId);
        await using var images = new CatalogImageWriter(catalog.Catalog, blue);
        await images.PutAsync(SampleCorpus.Batch(Ids(0, 5).Select(id => (id, 9))), Cancellation);
        var green = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Equal("green", green.Index!.Name);
        await catalog.HoldsAsync(green.Index, new Dictionary<string, int>());
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancellation);
        var step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Equal(blue.IndexId, step.Index!.IndexId);
        await catalog.HoldsAsync(step.Index, Ids(0, 5).ToDictionary(id => id, _ => 9));
    }

    [Fact]
    public async Task How_many_there_are_is_estimated_and_not_counted()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 60; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        await catalog.Database.ExecuteAsAdminAsync($"update pg_class set reltuples = 1000 where oid = 'retrieval.image_{catalog.Index.IndexId}'::regclass", Cancellation);
        var totals = new List<(long, long)>();
        await using var follower = catalog.Follower();
        await follower.StepAsync(new Each(report => totals.Add((report.Rows, report.TotalRows))), Cancellation);
        Assert.All(totals[..^1], report => Assert.Equal(1000, report.Item2));
        Assert.Equal((60, 60), totals[^1]);
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(Id);

    private static string Id(int i) => $"image-{i:D4}";

    private sealed class Each(Action<HydrationProgress> then) : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value) => then(value);
    }

    /// <summary>Does something when so many images are there.</summary>
    private sealed class Once(long rows, Action then) : IProgress<HydrationProgress>
    {
        private Action? _then = then;

        public void Report(HydrationProgress value)
        {
            if (value.Rows >= rows)
            {
                (var now, _then) = (_then, null);
                now?.Invoke();
            }
        }
    }
}
