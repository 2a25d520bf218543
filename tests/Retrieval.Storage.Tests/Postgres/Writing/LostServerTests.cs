using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

/// <summary>The server goes away in the middle of an ingestion, in every way it can, and comes back.</summary>
[Trait("Promise", "5")]
public sealed class LostServerTests
{
    private const string Writer = "from pg_stat_activity where application_name like 'retrieval writer%'";

    private static readonly CatalogRetry Retry = new() { For = TimeSpan.FromSeconds(60), FirstDelay = TimeSpan.FromMilliseconds(50), LongestDelay = TimeSpan.FromMilliseconds(500) };

    public enum Harm
    {
        EndBackends,
        CrashBackend,
        RestartFast,
        RestartImmediate,
        Kill,
        StayAway,
        Freeze,
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Harm.EndBackends, 1)]
    [InlineData(Harm.EndBackends, 2)]
    [InlineData(Harm.CrashBackend, 3)]
    [InlineData(Harm.RestartFast, 4)]
    [InlineData(Harm.RestartImmediate, 5)]
    [InlineData(Harm.Kill, 6)]
    [InlineData(Harm.StayAway, 7)]
    [InlineData(Harm.Freeze, 8)]
    public async Task An_ingestion_goes_on_where_it_was_and_ends_as_one_that_was_not_disturbed(Harm harm, int seed)
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await SampleCatalog.CreateAsync(server, commandSeconds: 2);
        var random = new Random(seed);
        var run = new SampleRun(catalog.Catalog, catalog.Index, Retry);
        var running = run.RunUntilToldAsync();
        for (var times = 0; times < (harm is Harm.StayAway or Harm.Freeze ? 1 : 2); times++)
        {
            await run.BeyondAsync(run.Acknowledged + random.Next(0, 60), running);
            // Anywhere in a batch.
            await Task.Delay(random.Next(0, 20), Cancellation);
            await DoAsync(harm, server, catalog);
            var acknowledged = run.Acknowledged;
            Assert.True(await catalog.AskAsync<long>("select next_row from retrieval.ledger") >= acknowledged, "an acknowledged batch is lost");
        }

        run.EndAt(run.Acknowledged + 50);
        await running;
        var rows = run.Acknowledged;
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(rows));
        Assert.Equal(rows / 10, await catalog.EpochAsync());
        Assert.Equal(SampleSource.RejectsIn(rows), await catalog.AskAsync<long>("select count(distinct row_number) from retrieval.reject"));
        Assert.Equal(SampleSource.RejectsIn(rows), await catalog.AskAsync<long>("select count(*) from retrieval.reject"));
        Assert.Equal(rows - SampleSource.RejectsIn(rows), await catalog.AskAsync<long>("select ingested from retrieval.ledger where completed"));
        Assert.Equal(rows - SampleSource.RejectsIn(rows), run.Ingested);
    }

    [Fact]
    public async Task A_server_that_stays_frozen_is_given_up_within_the_time_allowed_and_nothing_is_half_stored()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await SampleCatalog.CreateAsync(server, commandSeconds: 1);
        var run = new SampleRun(catalog.Catalog, catalog.Index, Retry with { For = TimeSpan.FromSeconds(4) });
        var running = run.RunUntilToldAsync();
        await run.BeyondAsync(50, running);
        await server.FreezeAsync(Cancellation);
        var began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => running);
        // Not a measurement: without a bound it would be for ever.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 40);
        await server.ThawAsync(Cancellation);
        var next = new SampleRun(catalog.Catalog, catalog.Index, Retry);
        await next.RunAsync(run.Acknowledged + 100);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(next.Acknowledged));
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task An_ingestion_whose_disk_is_full_says_so_at_once_keeps_what_it_has_and_goes_on_when_there_is_room()
    {
        await using var server = await PrivateServer.StartAsync(new PrivateServerOptions { DataOnSmallDisk = 80 }, Cancellation);
        await using var catalog = await SampleCatalog.CreateAsync(server);
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 50, "test"), Retry, Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, run.Ledger.NextRow + 50), Cancellation);
        }

        await server.FillDiskAsync(cancellationToken: Cancellation);
        CatalogException? full = null;
        while (full is null)
        {
            // What room is left in pages already there may still take a few.
            try
            {
                await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, run.Ledger.NextRow + 50), Cancellation);
            }
            catch (CatalogException exception)
            {
                full = exception;
            }
        }

        Assert.Equal(CatalogFault.DiskFull, full.Fault);
        Assert.Contains("no room left", full.Message, StringComparison.Ordinal);
        var stored = run.Ledger.NextRow;
        server.ClearDisk();
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(stored));
        await run.StoreAsync(SampleSource.Batch(stored, stored + 50), Cancellation);
        await run.CompleteAsync(Cancellation);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(stored + 50));
    }

    private static async Task DoAsync(Harm harm, PrivateServer server, SampleCatalog catalog)
    {
        switch (harm)
        {
            case Harm.EndBackends:
                await server.TerminateBackendsAsync(Cancellation);
                break;
            case Harm.CrashBackend:
                await catalog.UntilAsync($"select exists (select {Writer})");
                var writer = await catalog.AskAsync<int>($"select pid {Writer}");
                await server.CrashAsync(writer, Cancellation);
                await GoneAsync(catalog, writer);
                break;
            case Harm.RestartFast or Harm.RestartImmediate:
                await server.StopAsync(immediate: harm == Harm.RestartImmediate, Cancellation);
                await server.StartAgainAsync(Cancellation);
                break;
            case Harm.Kill:
                await server.KillAsync(Cancellation);
                await server.StartAgainAsync(Cancellation);
                break;
            case Harm.StayAway:
                await server.StopAsync(cancellationToken: Cancellation);
                // Long enough for several attempts.
                await Task.Delay(1500, Cancellation);
                await server.StartAgainAsync(Cancellation);
                break;
            case Harm.Freeze:
                await server.FreezeAsync(Cancellation);
                // Longer than a statement may take.
                await Task.Delay(4000, Cancellation);
                await server.ThawAsync(Cancellation);
                break;
        }
    }

    // A server that loses a backend breaks off all others and recovers.
    private static async Task GoneAsync(SampleCatalog catalog, int backend)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (!await catalog.AskAsync<bool>($"select exists (select from pg_stat_activity where pid = {backend})"))
                {
                    return;
                }
            }
            catch (NpgsqlException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
            {
                await Task.Delay(20, Cancellation);
            }
        }
    }
}
