using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

[Trait("Promise", "4")]
public sealed class KilledCatalogIngestionTests
{
    private const int Kills = 10;

    [Fact]
    public async Task An_ingestion_killed_ten_times_and_resumed_ends_as_one_that_was_not()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        var random = new Random(20_261_120);
        long acknowledged = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var host = HostProcess.Start("catalog-ingest", catalog.Database.OwnerConnectionString, "sample", "1000000", $"{random.Next(1, 40)}");
            for (var lines = random.Next(1, 5); lines > 0; lines--)
            {
                acknowledged = Math.Max(acknowledged, RowOf(await host.ReadLineAsync()));
            }

            await Task.Delay(random.Next(0, 60), TestContext.Current.CancellationToken);
            await host.KillAsync();
            // The server may be in the middle of a commit still.
            await catalog.UntilAsync("select not exists (select from pg_stat_activity where application_name like 'retrieval writer%' and datname = current_database())");
            var committed = await catalog.AskAsync<long>("select next_row from retrieval.ledger");
            Assert.True(committed >= acknowledged, "an acknowledged batch is lost");
            await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(committed));
            Assert.Equal(SampleSource.RejectsIn(committed), await catalog.AskAsync<long>("select count(*) from retrieval.reject"));
        }

        var total = await catalog.AskAsync<long>("select next_row from retrieval.ledger") + 100;
        using (var host = HostProcess.Start("catalog-ingest", catalog.Database.OwnerConnectionString, "sample", $"{total}", "13"))
        {
            Assert.Contains("done", await host.ReadToEndAsync(), StringComparison.Ordinal);
        }

        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(total));
        Assert.Equal(SampleSource.RejectsIn(total), await catalog.AskAsync<long>("select count(*) from retrieval.reject"));
        Assert.Equal(total - SampleSource.RejectsIn(total), await catalog.AskAsync<long>("select ingested from retrieval.ledger where completed"));
        Assert.Equal($"{Kills} failed, 1 completed", await catalog.AskAsync<string>(
            "select count(*) filter (where state = 'failed') || ' failed, ' || count(*) filter (where state = 'completed') || ' completed' from retrieval.run"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{Kills} kills, {acknowledged} rows acknowledged by then");
    }

    private static long RowOf(string? line) => line?.Split(' ') switch
    {
        ["begin", "at", var row] => long.Parse(row),
        ["committed", var row, ..] => long.Parse(row),
        _ => throw new InvalidOperationException($"the host says: {line}"),
    };
}
