using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

/// <summary>The line is cut while a commit is under way: the client cannot know whether the server has it.</summary>
[Trait("Promise", "5")]
public sealed class LostAnswerTests
{
    private static readonly CatalogRetry Retry = new() { For = TimeSpan.FromSeconds(20), FirstDelay = TimeSpan.FromMilliseconds(10) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_commit_was_cut_off_is_stored_once_and_its_outcome_is_told(bool reachesServer)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var proxy = new CuttingProxy(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString).Port);
        await using var far = SampleCatalog.Open(Through(catalog, proxy));
        await new SampleRun(catalog.Catalog, catalog.Index, Retry) { Key = "other" }.RunAsync(5, every: 5);
        await using var run = await CatalogIngestion.BeginAsync(far, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 30, "test"), Retry, Cancellation);
        Cut(proxy, reachesServer, 2);
        var batch = SampleSource.Batch(0, 30);
        var outcome = await run.StoreAsync(batch, Cancellation);
        // Images 0 to 4 are there already, with the same content; later versions of them are refused below.
        Assert.Equal((23, 0, 5), (outcome.Inserted, outcome.Replaced, outcome.Unchanged));
        Assert.Equal(await catalog.EpochAsync(), outcome.Epoch);
        Cut(proxy, reachesServer, 1);
        outcome = await run.StoreAsync(SampleSource.Batch(30, 70), Cancellation);
        Assert.Equal(["image-0000", "image-0001", "image-0002", "image-0003", "image-0004"], outcome.Refused.Select(image => image.Id));
        Assert.All(outcome.Refused, image => Assert.Equal("other", image.Owner));
        Assert.Equal(4, outcome.Replaced);
        await run.CompleteAsync(Cancellation);
        Assert.Equal(reachesServer ? 2 : 3, proxy.Cuts);
        var expected = SampleSource.StateAfter(70);
        for (var id = 0; id < 5; id++)
        {
            expected[$"image-{id:D4}"] = 0;
        }

        await CatalogAssert.HoldsAsync(catalog, expected);
        Assert.Equal(5, await catalog.AskAsync<long>("select count(*) from retrieval.reject where owner = 'other' and source = 'sample.tsv' and row_number between 60 and 64"));
        var shown = await CatalogRuns.FindAsync(catalog.Catalog, run.RunId, Cancellation);
        Assert.Equal((run.Ledger.Ingested, run.Ledger.Rejected, run.Ledger.Skipped), (shown!.Ingested, shown.Rejected, shown.Skipped));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_single_image_put_or_deleted_while_the_line_is_cut_is_put_or_deleted_once(bool reachesServer)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var proxy = new CuttingProxy(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString).Port);
        await using var far = SampleCatalog.Open(Through(catalog, proxy));
        await using var images = new CatalogImageWriter(far, catalog.Index, Retry);
        Cut(proxy, reachesServer, 1);
        Assert.Equal(1, await images.PutAsync(SampleSource.Rows([("one", 1)], null), Cancellation));
        Cut(proxy, reachesServer, 1);
        Assert.Equal(2, await images.PutAsync(SampleSource.Rows([("one", 2)], null), Cancellation));
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int> { ["one"] = 2 });
        Cut(proxy, reachesServer, 1);
        Assert.Equal(3, await images.DeleteAsync("one", Cancellation));
        Assert.Null(await images.DeleteAsync("one", Cancellation));
        Assert.Equal((3, 3), (proxy.Cuts, await catalog.EpochAsync()));
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int>());
    }

    [Fact]
    public async Task A_deletion_over_a_connection_that_was_ended_meanwhile_does_not_take_an_old_tombstone_for_its_own()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index, Retry);
        await images.PutAsync(SampleSource.Rows([("one", 1), ("two", 1)], null), Cancellation);
        Assert.Equal(2, await images.DeleteAsync("one", Cancellation));
        foreach (var (id, epoch) in new[] { ("one", (long?)null), ("two", 3) })
        {
            const string writers = "from pg_stat_activity where application_name like 'retrieval writer%' and datname = current_database()";
            await catalog.ExecuteAsync($"select pg_terminate_backend(pid) {writers}");
            await catalog.UntilAsync($"select not exists (select {writers})");
            Assert.Equal(epoch, await images.DeleteAsync(id, Cancellation));
        }
    }

    private static void Cut(CuttingProxy proxy, bool reachesServer, int times)
    {
        if (reachesServer)
        {
            // Once is all it takes: what went through is not sent again.
            proxy.CutAfterCommit(1);
        }
        else
        {
            proxy.CutBeforeCommit(times);
        }
    }

    // Statements that are not prepared go over the line as text, which the proxy looks for.
    private static string Through(SampleCatalog catalog, CuttingProxy proxy) =>
        new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString) { Host = "127.0.0.1", Port = proxy.Port, MaxAutoPrepare = 0 }.ConnectionString;
}
