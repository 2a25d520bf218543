using Npgsql;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class CatalogIngestionTests
{
    private static readonly CatalogRetry Retry = new() { For = TimeSpan.FromSeconds(10) };
    private static readonly IngestionClaim Claim = new(SampleSource.Key, "1", 20, "test");
    private static readonly string[] TwoIds = ["image-0000", "image-9999"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_source_is_stored_byte_for_byte_with_its_ledger_its_rejects_and_its_run()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using (var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim with { TotalRows = 200 }, Retry, Cancellation))
        {
            Assert.Equal(0, run.Ledger.NextRow);
            for (var row = 0; row < 200; row += 20)
            {
                var outcome = await run.StoreAsync(SampleSource.Batch(row, row + 20), Cancellation);
                Assert.Equal(await catalog.EpochAsync(), outcome.Epoch);
                Assert.Empty(outcome.Refused);
            }

            await run.CompleteAsync(Cancellation);
            var shown = await CatalogRuns.FindAsync(catalog.Catalog, run.RunId, Cancellation);
            Assert.Equal((RunState.Completed, 200, 18, 18), (shown!.State, shown.NextRow, shown.Rejected, shown.FirstRejects.Count));
            Assert.Equal(new CatalogReject("sample.tsv", 10, null, "row 10 is unfit"), shown.FirstRejects[0]);
            Assert.Equal(182, shown.Ingested);
        }

        Assert.Equal(10, await catalog.EpochAsync());
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(200));
        await using var again = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, Retry, Cancellation);
        Assert.Equal((200L, 182L, 18L, true), (again.Ledger.NextRow, again.Ledger.Ingested, again.Ledger.Rejected, again.Ledger.Completed));
        var found = await again.FindAsync(TwoIds, Cancellation);
        Assert.Equal(SampleCorpus.Image("image-0000", 3).Entry.ContentHash.ToArray(), Assert.Single(found).Value.ContentHash.ToArray());
    }

    [Fact]
    public async Task A_run_goes_on_where_the_last_one_ended_and_anew_when_the_source_has_changed_or_is_restarted()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await StoreAsync(catalog, Claim, 0, 40);
        Assert.Equal(3, await RejectsAsync(catalog));
        await StoreAsync(catalog, Claim with { RunId = Guid.NewGuid(), BatchRows = 7 }, 40, 60, batchRows: 20);
        Assert.Equal(5, await RejectsAsync(catalog));
        // The same content once more: all of it is there already, so no epoch is spent on it.
        Assert.Equal(3, await catalog.EpochAsync());
        await StoreAsync(catalog, Claim with { RunId = Guid.NewGuid(), BatchRows = 7, Restart = true }, 0, 20, batchRows: 7);
        Assert.Equal((3L, 1L), (await catalog.EpochAsync(), await RejectsAsync(catalog)));
        Assert.Equal(19, await catalog.AskAsync<long>("select skipped from retrieval.ledger"));
        await StoreAsync(catalog, Claim with { RunId = Guid.NewGuid(), SourceStamp = "2", FirstRow = 10 }, 10, 20, batchRows: 20);
        Assert.Equal((3L, 1L), (await catalog.EpochAsync(), await RejectsAsync(catalog)));
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(60));
    }

    [Fact]
    public async Task A_batch_without_images_moves_the_ledger_and_a_batch_that_is_not_in_order_moves_nothing()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, Retry, Cancellation);
        var outcome = await run.StoreAsync(new IngestionBatch(10, null, 4, [new("s", 3, "\ud800\0", "un\0fit")], false), Cancellation);
        Assert.Equal((0L, 0, 0, 0), (outcome.Epoch, outcome.Inserted, outcome.Replaced, outcome.Unchanged));
        Assert.Equal((10L, 4L, 1L), (run.Ledger.NextRow, run.Ledger.Skipped, run.Ledger.Rejected));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => run.StoreAsync(SampleSource.Batch(5, 10), Cancellation));
        var twice = SampleSource.Rows([("a", 0), ("a", 1)], null);
        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => run.StoreAsync(new IngestionBatch(20, twice, 0, [], false), Cancellation));
        Assert.Contains("image id 'a' occurs twice", refused.Message, StringComparison.Ordinal);
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int>());
        Assert.Equal(10, await catalog.AskAsync<long>("select next_row from retrieval.ledger"));
        await run.StoreAsync(SampleSource.Batch(10, 20), Cancellation);
        Assert.Equal(1, await catalog.EpochAsync());
        Assert.Equal("un\u2400fit", (await CatalogRuns.FindAsync(catalog.Catalog, run.RunId, Cancellation))!.FirstRejects[0].Reason);
    }

    [Fact]
    public async Task Somebody_who_asks_a_run_to_stop_is_heard_with_its_next_batch()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, Retry, Cancellation);
        Assert.False((await run.StoreAsync(SampleSource.Batch(0, 20), Cancellation)).CancelRequested);
        Assert.True(await CatalogRuns.RequestCancelAsync(catalog.Catalog, run.RunId, Cancellation));
        Assert.True((await run.StoreAsync(SampleSource.Batch(20, 40), Cancellation)).CancelRequested);
        await run.EndAsync(RunState.Cancelled, "as asked", Cancellation);
        var shown = Assert.Single(await CatalogRuns.ListAsync(catalog.Catalog, null, 5, Cancellation));
        Assert.Equal((RunState.Cancelled, "as asked", true), (shown.State, shown.Message, shown.EndedAt is not null));
        Assert.False(await CatalogRuns.RequestCancelAsync(catalog.Catalog, run.RunId, Cancellation));
        Assert.Null(await CatalogRuns.FindAsync(catalog.Catalog, Guid.NewGuid(), Cancellation));
    }

    [Fact]
    public async Task A_lock_that_is_held_for_long_is_waited_for_in_bounded_attempts()
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 1);
        await using var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await holder.OpenAsync(Cancellation);
        var waited = new TaskCompletionSource<Exception>();
        var retry = Retry with { For = TimeSpan.FromSeconds(30), Failed = (exception, _, _) => _ = exception.Message.Contains("lock timeout", StringComparison.Ordinal) && waited.TrySetResult(exception) };
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, retry, Cancellation);
        await using var hold = await holder.BeginTransactionAsync(Cancellation);
        await ExecuteAsync(holder, "update retrieval.index set epoch = epoch");

        var storing = run.StoreAsync(SampleSource.Batch(0, 20), Cancellation);
        await waited.Task.WaitAsync(Cancellation);
        await hold.RollbackAsync(Cancellation);
        Assert.Equal(1, (await storing).Epoch);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(20));
    }

    [Theory]
    [InlineData("image_embedding")]
    [InlineData("caption_embedding")]
    [InlineData("image_value")]
    public async Task Who_waits_for_a_build_keeps_nobody_else_waiting_and_is_told_that_others_are_in_the_way(string table)
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 1);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index, Retry with { For = TimeSpan.Zero });
        await images.PutAsync(SampleSource.Rows([("one", 1), ("two", 1)], null), Cancellation);
        await using var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await holder.OpenAsync(Cancellation);
        await using var hold = await holder.BeginTransactionAsync(Cancellation);
        await ExecuteAsync(holder, $"lock table retrieval.{table}_{catalog.Index.IndexId} in share mode");
        foreach (var waiting in new Func<Task>[]
        {
            () => images.DeleteAsync("one", Cancellation),
            () => images.PutAsync(SampleSource.Rows([("two", 2)], null), Cancellation),
        })
        {
            // It gives up after half a second, in which a slow machine may not look, and has changed nothing then.
            Task written;
            do
            {
                written = waiting();
                await Eventually.TrueAsync(async () => written.IsCompleted || await catalog.AskAsync<bool>("select exists (select from pg_locks where not granted and locktype = 'relation' and database = (select oid from pg_database where datname = current_database()))"), "it waits");
            }
            while (written.IsFaulted);

            // What all writers of the index need is free.
            await catalog.ExecuteAsync("set lock_timeout = '100ms'; update retrieval.index set epoch = epoch");
            Assert.Equal(CatalogFault.Busy, (await Assert.ThrowsAsync<CatalogException>(() => written)).Fault);
        }

        await hold.RollbackAsync(Cancellation);
        Assert.Equal(2, await images.DeleteAsync("one", Cancellation));
    }

    [Fact]
    public async Task A_store_that_is_cancelled_leaves_a_run_that_can_go_on()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, Retry, Cancellation);
        var random = new Random(5);
        var (cancelled, window) = (0, 20.0);
        while (cancelled < 15 || run.Ledger.NextRow < 200)
        {
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            soon.CancelAfter(TimeSpan.FromMilliseconds(random.NextDouble() * window));
            try
            {
                await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, run.Ledger.NextRow + 20), soon.Token);
                // Until about every other store is cancelled, however quick the machine is.
                window *= 0.8;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                window *= 1.2;
            }
        }

        await run.CompleteAsync(Cancellation);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(run.Ledger.NextRow));
    }

    [Fact]
    public async Task Claims_that_cannot_be_stored_are_refused()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        foreach (var claim in new[] { "", "a\0", "\ud800", new string('x', 1025) }.SelectMany(text => new[] { Claim with { SourceKey = text }, Claim with { SourceStamp = text }, Claim with { Worker = text } }))
        {
            await Assert.ThrowsAsync<InvalidInputException>(() => CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, claim, Retry, Cancellation));
        }
    }

    [Fact]
    public async Task A_batch_behind_one_that_was_given_up_and_went_through_after_all_is_told_where_to_begin()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var proxy = new CuttingProxy(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString).Port);
        await using var far = SampleCatalog.Open(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString) { Port = proxy.Port, MaxAutoPrepare = 0 }.ConnectionString);
        await using var run = await CatalogIngestion.BeginAsync(far, catalog.Index, Claim, Retry with { For = TimeSpan.Zero }, Cancellation);
        proxy.CutAfterCommit(1);
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => run.StoreAsync(SampleSource.Batch(0, 20), Cancellation));
        var refused = await Assert.ThrowsAsync<CatalogException>(() => run.StoreAsync(SampleSource.Batch(0, 40), Cancellation));
        Assert.Contains("the ledger is at row 20", refused.Message, StringComparison.Ordinal);
        await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, 40), Cancellation);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(40));
    }

    [Fact]
    public async Task A_run_that_is_let_go_leaves_neither_locks_nor_staging_tables_nor_a_connection()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        const string left = "select exists (select from pg_class where relpersistence = 't' and relname like 'retrieval_%') or exists (select from pg_stat_activity where application_name like 'retrieval writer%' and datname = current_database())";
        await using (var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim, Retry, Cancellation))
        {
            await run.StoreAsync(SampleSource.Batch(0, 20), Cancellation);
            Assert.True(await catalog.AskAsync<bool>(left));
        }

        await catalog.UntilAsync($"select not ({left[7..]})");
        await using var next = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, Claim with { RunId = Guid.NewGuid() }, Retry, Cancellation);
        Assert.Equal(20, next.Ledger.NextRow);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static Task<long> RejectsAsync(SampleCatalog catalog) => catalog.AskAsync<long>("select count(*) from retrieval.reject");

    private static async Task StoreAsync(SampleCatalog catalog, IngestionClaim claim, long from, long to, int batchRows = 20)
    {
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, claim, Retry, Cancellation);
        Assert.Equal((from, batchRows), (run.Ledger.NextRow, run.Ledger.BatchRows));
        while (run.Ledger.NextRow < to)
        {
            await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, Math.Min(to, run.Ledger.NextRow + 20)), Cancellation);
        }
    }
}
