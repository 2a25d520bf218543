using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>
/// Two servers behind one address, of which one is behind: a copy of the database as it was a while ago, which says of
/// itself that it is in recovery, as a standby does.
/// </summary>
public sealed class StandbyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task What_a_server_lacks_that_is_behind_is_never_taken_for_nothing(int toFirst)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await PutAsync(catalog, 0, 6);
        await using var standby = await Standby.MakeAsync(catalog);
        await PutAsync(catalog, 6, 6);
        await catalog.PutAsync(Ids(0, 15), 1);
        await catalog.DeleteAsync("image-0020");

        // The first connection learns the epoch.
        await using (var proxy = new RoutingProxy(Server(catalog).Port, catalog.Database.Name, standby.Name, number => number % toFirst > 0))
        await using (var reached = Open(catalog, proxy))
        await using (var follower = catalog.Follower(with: options => options with { ChunkBytes = 1500, CommitBytes = 1 }, catalog: reached))
        {
            FollowStep? step = null;
            for (var attempt = 0; step?.Index is null || step.More; attempt++)
            {
                Assert.InRange(attempt, 0, 10);
                try
                {
                    step = await follower.StepAsync(null, Cancellation);
                    Assert.Null(step.Warning);
                }
                catch (CatalogUnavailableException)
                {
                    // Connections of the pool lead to the standby again and again.
                    proxy.FirstOnly = attempt > 0;
                }
            }

            Assert.True(proxy.Second > 0);
            await catalog.HoldsAsync(step.Index);
        }
    }

    [Fact]
    public async Task A_copy_that_is_ahead_of_a_standby_waits_for_it_and_follows_it_then()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await PutAsync(catalog, 0, 2);
        await using var standby = await Standby.MakeAsync(catalog);
        await PutAsync(catalog, 2, 2);
        await using (var proxy = new RoutingProxy(Server(catalog).Port, catalog.Database.Name, standby.Name, _ => true))
        await using (var reached = Open(catalog, proxy))
        {
            FollowedIndex copy;
            await using (var first = catalog.Follower())
            {
                copy = (await first.StepAsync(null, Cancellation)).Index!;
            }

            await using var follower = catalog.Follower(catalog: reached);
            Assert.Equal(copy, follower.OpenCached());
            var step = await follower.StepAsync(null, Cancellation);
            Assert.Equal((copy, false, false, null), (step.Index, step.Changed, step.More, step.Warning));

            // It comes to where the copy is, and beyond.
            await PutAsync(catalog, 4, 1);
            proxy.FirstOnly = true;
            await Assert.ThrowsAsync<CatalogUnavailableException>(() => follower.StepAsync(null, Cancellation));
            step = await follower.StepAsync(null, Cancellation);
            Assert.Equal((copy.Path, 10), (step.Index!.Path, step.Applied));
            await catalog.HoldsAsync(step.Index);
        }
    }

    [Fact]
    public async Task A_standby_that_took_over_without_the_last_changes_is_copied_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await PutAsync(catalog, 0, 2);
        await using var standby = await Standby.MakeAsync(catalog);
        await PutAsync(catalog, 2, 2);
        FollowedIndex copy;
        await using (var first = catalog.Follower())
        {
            copy = (await first.StepAsync(null, Cancellation)).Index!;
        }

        await using (var reached = new Catalog(new CatalogOptions { ConnectionString = On(catalog, standby.Name).ConnectionString }))
        await using (var follower = catalog.Follower(catalog: reached))
        {
            Assert.Equal(copy, (await follower.StepAsync(null, Cancellation)).Index);

            // Promoted: it is no standby any more, and takes writes.
            await ExecuteAsync(On(catalog, standby.Name), "drop schema behind cascade");
            var step = await follower.StepAsync(null, Cancellation);
            Assert.Contains("was set back", step.Warning);
            step = step.More ? await ReplicatedCatalog.SettleAsync(follower) : step;
            Assert.NotEqual(copy.Path, step.Index!.Path);
            await catalog.HoldsAsync(step.Index, Ids(0, 20).ToDictionary(id => id, _ => 0));
        }
    }

    private static async Task PutAsync(ReplicatedCatalog catalog, int first, int batches)
    {
        for (var batch = first; batch < first + batches; batch++)
        {
            await catalog.PutAsync(Ids(10 * batch, 10), 0);
        }
    }

    private static NpgsqlConnectionStringBuilder Server(ReplicatedCatalog catalog) => new(catalog.Database.AdminConnectionString);

    private static NpgsqlConnectionStringBuilder On(ReplicatedCatalog catalog, string database) =>
        new(catalog.Database.AdminConnectionString) { Database = database, Pooling = false };

    private static Catalog Open(ReplicatedCatalog catalog, RoutingProxy proxy) => new(new CatalogOptions
    {
        ConnectionString = new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString) { Host = "127.0.0.1", Port = proxy.Port, SslMode = SslMode.Disable }.ConnectionString,
        ConnectSeconds = 5,
    });

    private static async Task ExecuteAsync(NpgsqlConnectionStringBuilder where, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(where.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(i => $"image-{i:D4}");

    private sealed class Standby(ReplicatedCatalog catalog, string name) : IAsyncDisposable
    {
        public string Name => name;

        // Connections to the first are ended: a database that is in use is not copied.
        public static async Task<Standby> MakeAsync(ReplicatedCatalog catalog)
        {
            var first = catalog.Database.Name;
            var name = first[..^1] + (first[^1] == 'x' ? 'y' : 'x');
            await ExecuteAsync(On(catalog, "postgres"), $"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{first}'");
            await ExecuteAsync(On(catalog, "postgres"), $"create database {name} template {first} owner {catalog.Database.Owner.Name}");
            await ExecuteAsync(On(catalog, name), $"""
                create schema behind;
                grant usage on schema behind to public;
                create function behind.pg_is_in_recovery() returns boolean language sql as 'select true';
                alter database {name} set search_path = behind, pg_catalog, public
                """);
            while (true)
            {
                try
                {
                    await CatalogIndexes.ListAsync(catalog.Catalog, Cancellation);
                    return new Standby(catalog, name);
                }
                catch (CatalogUnavailableException)
                {
                    // A connection of the pool that was ended: the next one is another.
                }
            }
        }

        public async ValueTask DisposeAsync() => await ExecuteAsync(On(catalog, "postgres"), $"drop database {name} with (force)");
    }
}
