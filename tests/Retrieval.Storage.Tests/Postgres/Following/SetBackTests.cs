using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Tests.Local;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>A database that was set back: restored from a backup, or its place taken by a standby that lacked the last commits.</summary>
public sealed class SetBackTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Other_changes_under_the_same_numbers_are_noticed_and_the_copy_served_until_another_is_made(int changes)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 20), 0);
        var saved = await SavedState.TakeAsync(catalog);
        await catalog.PutAsync(Ids(5, 3), 1);
        await catalog.PutAsync(Ids(20, 3), 1);
        await using var follower = catalog.Follower(with: options => options with { SliceBytes = 1, CommitBytes = 1 });
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        var before = new Dictionary<string, int>(catalog.State);

        await saved.RestoreAsync();
        for (var i = 0; i < changes; i++)
        {
            await catalog.PutAsync(Ids(8 + (20 * i), 2), 2);
        }

        await using var late = catalog.Follower("late");
        await late.StepAsync(null, Cancellation);
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Contains("was set back", step.Warning);
        if (step.More)
        {
            Assert.Equal(former, step.Index);
            await catalog.HoldsAsync(step.Index, before);
            step = await ReplicatedCatalog.SettleAsync(follower);
        }

        Assert.NotEqual(former.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index);

        // And is followed on.
        await catalog.PutAsync(Ids(1, 1), 3);
        var next = await follower.StepAsync(null, Cancellation);
        Assert.Equal((step.Index.Path, null), (next.Index!.Path, next.Warning));
        await catalog.HoldsAsync(next.Index);
    }

    [Fact]
    public async Task A_copy_under_way_when_the_catalog_was_set_back_is_begun_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        var saved = await SavedState.TakeAsync(catalog);

        // The images of the first ranges are away when these are read: they have an epoch behind the copy's end.
        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
        var reports = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var stop = new CancellationTokenSource();
            await follower.StepAsync(
                new Reports(report =>
                {
                    if (++reports == 1)
                    {
                        catalog.PutAsync(Ids(10, 90), 1).GetAwaiter().GetResult();
                    }

                    if (report.Rows >= 10)
                    {
                        stop.Cancel();
                    }
                }),
                stop.Token);
        });

        await saved.RestoreAsync();
        await catalog.PutAsync(Ids(200, 1), 2);
        await catalog.PutAsync(Ids(201, 1), 2);
        await catalog.HoldsAsync((await ReplicatedCatalog.SettleAsync(follower)).Index);
    }

    [Fact]
    public async Task A_catalog_set_back_while_it_is_being_copied_is_copied_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        for (var i = 0; i < 100; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        var saved = await SavedState.TakeAsync(catalog);
        await catalog.PutAsync(Ids(3, 2), 1);
        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1, Streams = 1 });
        var reports = 0;
        var step = await follower.StepAsync(
            new Reports(_ =>
            {
                if (++reports == 3)
                {
                    saved.RestoreAsync().GetAwaiter().GetResult();
                    catalog.PutAsync(Ids(50, 2), 2).GetAwaiter().GetResult();
                }
            }),
            Cancellation);
        Assert.Equal((null, true), (step.Index, step.More));
        Assert.Contains("was set back", step.Warning);
        await catalog.HoldsAsync((await ReplicatedCatalog.SettleAsync(follower)).Index);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_index_that_was_given_the_number_of_another_one_is_another_one(bool otherBundle)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 20), 0);
        var schema = SampleCorpus.Schema with { Fingerprint = new string('c', 64) };
        await using var follower = catalog.Follower(
            with: options => options with { SliceBytes = 1, CommitBytes = 1 }, accepted: ReplicatedCatalog.Accepted.Append(new(schema.Fingerprint, schema)).ToDictionary());
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        var before = new Dictionary<string, int>(catalog.State);
        await catalog.Database.ExecuteAsAdminAsync($"delete from retrieval.activation; select retrieval.drop_index({catalog.Index.IndexId})", Cancellation);
        await catalog.Database.ExecuteAsAdminAsync($"alter table retrieval.index alter column index_id restart with {catalog.Index.IndexId}", Cancellation);
        var green = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", otherBundle ? schema : SampleCorpus.Schema, Cancellation);
        Assert.Equal(catalog.Index.IndexId, green.IndexId);
        await using (var images = new CatalogImageWriter(catalog.Catalog, green))
        {
            foreach (var ids in Ids(100, 30).Chunk(10))
            {
                await images.PutAsync(SampleCorpus.Batch(ids.Select(id => (id, 7))), Cancellation);
            }
        }

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation);
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal((former.Path, true), (step.Index!.Path, step.More));
        await catalog.HoldsAsync(step.Index, before);
        step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Equal("green", step.Index!.Name);
        using var index = LocalIndex.Open(step.Index.Path);
        IndexAssert.Holds(index, Ids(100, 30).ToDictionary(id => id, _ => 7));
    }

    [Fact]
    public async Task A_copy_whose_change_the_catalog_has_no_note_of_is_made_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 5), 0);
        await using var follower = catalog.Follower();
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.change", Cancellation);
        await catalog.PutAsync(Ids(5, 5), 0);
        var step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.NotEqual(former.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index);
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(i => $"image-{i:D4}");

    private sealed class Reports(Action<HydrationProgress> then) : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value) => then(value);
    }
}
