using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>Servers that stop, die, freeze and break connections off while they are being followed.</summary>
[Trait("Promise", "5")]
public sealed class FollowerOutageTests
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("stop")]
    [InlineData("kill")]
    [InlineData("freeze")]
    [InlineData("terminate")]
    public async Task A_copying_that_is_interrupted_says_so_in_bounded_time_and_goes_on_later(string outage)
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await ReplicatedCatalog.CreateAsync(server, commandSeconds: 2);
        for (var i = 0; i < 600; i += 10)
        {
            await catalog.PutAsync(Ids(i, 10), 0);
        }

        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1, CommitBytes = 1 });
        using var harmed = new ManualResetEventSlim();
        var step = follower.StepAsync(new Begun(begun, 30, harmed, 550), Cancellation);
        await begun.Task.WaitAsync(bound, Cancellation);
        var back = await HitAsync(server, outage);
        harmed.Set();
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => step.WaitAsync(bound, Cancellation));
        Assert.Null(follower.OpenCached());
        if (outage != "terminate")
        {
            await Assert.ThrowsAsync<CatalogUnavailableException>(() => follower.StepAsync(null, Cancellation).WaitAsync(bound, Cancellation));
        }

        await back();
        var after = await follower.StepAsync(null, Cancellation);
        Assert.InRange(after.Applied, 1, 590);
        await catalog.HoldsAsync(after.Index);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("kill")]
    [InlineData("freeze")]
    [InlineData("terminate")]
    public async Task A_change_that_is_interrupted_is_not_half_applied_and_is_caught_up_with(string outage)
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await ReplicatedCatalog.CreateAsync(server, commandSeconds: 2);
        await using var follower = catalog.Follower(with: options => options with { ChunkBytes = 1 });
        await catalog.PutAsync(Ids(0, 20), 0);
        var copy = (await follower.StepAsync(null, Cancellation)).Index;
        var before = new Dictionary<string, int>(catalog.State);
        await catalog.PutAsync(Ids(10, 40), 1);

        // The follower has the images of its first chunk and waits for their captions.
        await using (var admin = new NpgsqlConnection(catalog.Database.AdminConnectionString + ";Pooling=false"))
        {
            await admin.OpenAsync(Cancellation);
            await using var held = await admin.BeginTransactionAsync(Cancellation);
            await using var command = new NpgsqlCommand($"lock table retrieval.caption_{catalog.Index.IndexId} in access exclusive mode", admin);
            await command.ExecuteNonQueryAsync(Cancellation);
            var step = follower.StepAsync(null, Cancellation);
            await WaitingAsync(catalog);
            var back = await HitAsync(server, outage);
            await Assert.ThrowsAsync<CatalogUnavailableException>(() => step.WaitAsync(bound, Cancellation));
            await back();
        }

        await catalog.HoldsAsync(copy, before);
        Assert.Equal(copy, follower.OpenCached());
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
    }

    [Fact]
    public async Task A_replica_serves_on_while_the_server_is_away_and_follows_when_it_is_back()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await ReplicatedCatalog.CreateAsync(server, commandSeconds: 2);
        await catalog.PutAsync(Ids(0, 20), 0);
        FollowedIndex? copy;
        await using (var follower = catalog.Follower())
        {
            copy = (await follower.StepAsync(null, Cancellation)).Index;
        }

        await server.KillAsync(Cancellation);
        await using var again = catalog.Follower();
        Assert.Equal(copy, again.OpenCached());
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => again.StepAsync(null, Cancellation).WaitAsync(bound, Cancellation));
        await catalog.HoldsAsync(again.OpenCached());
        await server.StartAgainAsync(Cancellation);
        await catalog.PutAsync(Ids(10, 20), 1);
        await catalog.HoldsAsync((await again.StepAsync(null, Cancellation)).Index);
    }

    private static async Task<Func<Task>> HitAsync(PrivateServer server, string outage)
    {
        switch (outage)
        {
            case "stop":
                await server.StopAsync(cancellationToken: Cancellation);
                return () => server.StartAgainAsync(Cancellation);
            case "kill":
                await server.KillAsync(Cancellation);
                return () => server.StartAgainAsync(Cancellation);
            case "freeze":
                await server.FreezeAsync(Cancellation);
                return () => server.ThawAsync(Cancellation);
            default:
                await server.TerminateBackendsAsync(Cancellation);
                return () => Task.CompletedTask;
        }
    }

    private static async Task WaitingAsync(ReplicatedCatalog catalog)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(bound);
        while (await catalog.Database.AskAsAdminAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'copy%'", limit.Token) == 0)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(i => $"image-{i:D4}");

    /// <summary>Says when so many rows are copied, and holds the copying at the last ones until harm is done.</summary>
    private sealed class Begun(TaskCompletionSource begun, long rows, ManualResetEventSlim harmed, long last) : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value)
        {
            if (value.Rows >= rows)
            {
                begun.TrySetResult();
            }

            if (value.Rows >= last)
            {
                harmed.Wait(Cancellation);
            }
        }
    }
}
