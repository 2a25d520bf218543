using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>Queries that are given up, and servers that go away.</summary>
[Trait("Promise", "5")]
public sealed class ShortlistOutageTests
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_query_that_is_given_up_is_ended_in_the_server()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([(1, 0)]);
        await using var admin = new NpgsqlConnection(catalog.Database.AdminConnectionString + ";Pooling=false");
        await admin.OpenAsync(Cancellation);
        await using var held = await admin.BeginTransactionAsync(Cancellation);
        await using (var command = new NpgsqlCommand($"lock table retrieval.image_embedding_{catalog.Index.IndexId} in access exclusive mode", admin))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        using var stop = new CancellationTokenSource();
        var query = Find(catalog, stop.Token);
        await UntilAsync(catalog, 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query.WaitAsync(bound, Cancellation));

        // The lock is still held, so it is not that the query came to its end.
        await UntilAsync(catalog, 0);
        await held.RollbackAsync(Cancellation);
        Assert.Single(await Find(catalog, Cancellation));
    }

    [Fact]
    public async Task A_frozen_server_is_waited_for_as_long_as_the_time_limit_says()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await SearchedCatalog.CreateAsync(server, commandSeconds: 2);
        await catalog.PutAsync([(1, 0)]);
        Assert.Single(await Find(catalog, Cancellation));
        await server.FreezeAsync(Cancellation);
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => Find(catalog, Cancellation).WaitAsync(bound, Cancellation));

        // And no longer than whoever asks wants to wait.
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Find(catalog, impatient.Token).WaitAsync(bound, Cancellation));
        await server.ThawAsync(Cancellation);
        Assert.Single(await Find(catalog, Cancellation));
    }

    [Fact]
    public async Task A_server_that_was_killed_is_an_error_and_when_it_is_back_an_answer()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var catalog = await SearchedCatalog.CreateAsync(server, commandSeconds: 2);
        await catalog.PutAsync([(1, 0)]);
        Assert.Single(await Find(catalog, Cancellation));
        await server.KillAsync(Cancellation);
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => Find(catalog, Cancellation).WaitAsync(bound, Cancellation));
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => Find(catalog, Cancellation).WaitAsync(bound, Cancellation));
        await server.StartAgainAsync(Cancellation);
        Assert.Single(await Find(catalog, Cancellation));
    }

    // The driver itself loses count now and then when a query is given up. Its error is then a plain Exception.
    [Fact]
    public async Task An_answer_with_a_message_that_does_not_belong_there_is_an_outage_and_the_next_query_has_its_own()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([(1, 0)]);
        var connection = new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString);
        await using var proxy = new CuttingProxy(connection.Port);
        connection.Port = proxy.Port;
        connection.NoResetOnClose = true; // What resets a connection would be answered first.
        await using var through = new Catalog(new CatalogOptions { ConnectionString = connection.ConnectionString });
        var vectors = new VectorShortlist(through);
        Assert.Single(await Find(vectors, catalog, Cancellation));

        proxy.EndEarly(1);
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => Find(vectors, catalog, Cancellation));
        Assert.Single(await Find(vectors, catalog, Cancellation));
    }

    private static Task<IReadOnlyList<CatalogHit>> Find(SearchedCatalog catalog, CancellationToken cancellationToken) => Find(catalog.Vectors, catalog, cancellationToken);

    private static Task<IReadOnlyList<CatalogHit>> Find(VectorShortlist vectors, SearchedCatalog catalog, CancellationToken cancellationToken) =>
        vectors.FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 5, null, cancellationToken);

    private static async Task UntilAsync(SearchedCatalog catalog, long running)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(bound);
        while (await catalog.Database.AskAsAdminAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like '%near as materialized%'", limit.Token) != running)
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
