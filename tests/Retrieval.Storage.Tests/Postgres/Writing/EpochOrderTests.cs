using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class EpochOrderTests
{
    private static readonly CatalogRetry Retry = new() { For = TimeSpan.FromSeconds(60) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Who_has_seen_an_epoch_never_sees_a_change_of_it_or_before_it_appear_later(int seed)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index, Retry);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var watching = WatchAsync(catalog, end.Token);
        var writers = new List<Task>
        {
            new SampleRun(catalog.Catalog, catalog.Index, Retry) { Ids = "a", Key = "a" }.RunAsync(400),
            new SampleRun(catalog.Catalog, catalog.Index, Retry) { Ids = "b", Key = "b" }.RunAsync(600, every: 50),
            SlowAsync(catalog, seed),
        };
        writers.AddRange(Enumerable.Range(0, 3).Select(writer => SinglesAsync(images, new Random((seed * 10) + writer), writer)));
        await Task.WhenAll(writers);
        await end.CancelAsync();
        var looks = await watching;
        Assert.True(looks > 50, $"only {looks} looks: nothing was watched");
        var epoch = await catalog.EpochAsync();
        // No gaps: a number that nothing has is one that later changes took the place of.
        Assert.True(epoch >= 40 + 12 + 20, $"epoch {epoch}");
        Assert.Equal(epoch, await catalog.AskAsync<long>("select max(epoch) from retrieval.image"));
    }

    private static async Task SinglesAsync(CatalogImageWriter images, Random random, int writer)
    {
        for (var i = 0; i < 60; i++)
        {
            var id = $"single-{random.Next(10)}";
            if (random.Next(4) == 0)
            {
                await images.DeleteAsync(id, Cancellation);
            }
            else
            {
                await images.PutAsync(SampleSource.Rows([(id, (i * 3) + writer)], null), Cancellation);
            }
        }
    }

    // Transactions that begin early, take their row number early, and commit while many others do.
    private static async Task SlowAsync(SampleCatalog catalog, int seed)
    {
        var random = new Random(seed);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        for (var i = 0; i < 20; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await ExecuteAsync(connection, $"insert into retrieval.image_record select {catalog.Index.IndexId}, nextval('retrieval.row_no'), ''");
            await Task.Delay(random.Next(0, 80), Cancellation);
            await ExecuteAsync(connection, StoreStatements.TakeEpoch.Replace("$1", $"{catalog.Index.IndexId}", StringComparison.Ordinal));
            await ExecuteAsync(connection, $"""
                insert into retrieval.image (index_id, id, row_no, epoch, content_hash, value_rows)
                select {catalog.Index.IndexId}, 'slow-{i}', currval('retrieval.row_no'), epoch, '', 0 from retrieval.index where index_id = {catalog.Index.IndexId}
                """);
            await Task.Delay(random.Next(0, 20), Cancellation);
            await transaction.CommitAsync(Cancellation);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>Looks again and again; what a look has of epochs seen before must be what the look before had, less what was changed since.</summary>
    private static async Task<int> WatchAsync(SampleCatalog catalog, CancellationToken end)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        HashSet<(string, long, long)> seen = [];
        long epoch = 0;
        var looks = 0;
        while (!end.IsCancellationRequested)
        {
            var now = new HashSet<(string Id, long RowNo, long Epoch)>();
            await using (var command = new NpgsqlCommand("select i.id, i.row_no, i.epoch, x.epoch from retrieval.index x left join retrieval.image i using (index_id)", connection))
            await using (var reader = await command.ExecuteReaderAsync(Cancellation))
            {
                var before = epoch;
                while (await reader.ReadAsync(Cancellation))
                {
                    epoch = reader.GetInt64(3);
                    if (!reader.IsDBNull(0))
                    {
                        now.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
                    }
                }

                Assert.True(epoch >= before, "the epoch went back");
                Assert.All(now.Where(row => row.Epoch <= before), row => Assert.Contains(row, seen));
                Assert.All(now, row => Assert.True(row.Epoch <= epoch, "a row is ahead of its index"));
            }

            seen = now;
            looks++;
        }

        return looks;
    }
}
