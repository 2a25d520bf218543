using System.Collections.Concurrent;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class ConcurrentIngestionTests
{
    private const int Rows = 600;
    private const int Lift = 1000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_ingestions_of_the_same_ids_leave_each_id_wholly_to_one_of_them_without_a_conflict(bool replace)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        var conflicts = new ConcurrentQueue<Exception>();
        var retry = new CatalogRetry { For = TimeSpan.FromSeconds(30), Failed = (exception, _, _) => conflicts.Enqueue(exception) };
        var one = new SampleRun(catalog.Catalog, catalog.Index, retry) { Key = "one", Replace = replace };
        var two = new SampleRun(catalog.Catalog, catalog.Index, retry) { Key = "two", Replace = replace, Lift = Lift };
        await Task.WhenAll(one.RunAsync(Rows, 20), two.RunAsync(Rows, 30));
        Assert.Empty(conflicts);
        var owners = (await catalog.AskAsync<string[]>(
            "select array_agg(i.id || ' ' || s.source_key order by i.id) from retrieval.image i join retrieval.source s using (source_no) where not i.deleted"))!
            .Select(line => line.Split(' ')).ToDictionary(line => line[0], line => line[1]);
        var (ofOne, ofTwo) = (SampleSource.StateAfter(Rows), SampleSource.StateAfter(Rows, lift: Lift));
        if (!replace)
        {
            // The owner has stored all its rows of an id, and the other none.
            await CatalogAssert.HoldsAsync(catalog, owners.ToDictionary(owner => owner.Key, owner => (owner.Value == "one" ? ofOne : ofTwo)[owner.Key]));
            var offered = 2 * (Rows - SampleSource.RejectsIn(Rows));
            Assert.Equal(offered, one.Ingested + one.Refused + two.Ingested + two.Refused);
            Assert.Equal(one.Refused + two.Refused, await catalog.AskAsync<long>("select count(*) from retrieval.reject where owner is not null and reason like 'id ''image-%'' is already held by another source, %; it is replaced only by an ingestion that is told to replace%'"));
        }
        else
        {
            // The last to write has it; both wrote their versions in order, so it is one's last or the other's.
            Assert.Equal((0, 0), (one.Refused, two.Refused));
            await CatalogAssert.HoldsAsync(catalog, await LastVersionsAsync(catalog, owners, ofOne, ofTwo));
        }

        Assert.Equal(ofOne.Keys.Order(), owners.Keys.Order());
    }

    [Fact]
    public async Task A_part_that_another_run_has_is_refused_and_other_parts_are_not()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        var claim = new IngestionClaim("s", "1", 10, "first") { Parts = 2 };
        await using var first = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, claim, new CatalogRetry(), Cancellation);
        var taken = await Assert.ThrowsAsync<CatalogException>(() => CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, claim with { RunId = Guid.NewGuid() }, new CatalogRetry(), Cancellation));
        Assert.Equal(CatalogFault.Taken, taken.Fault);
        Assert.Contains("ingesting 's' into index sample: another run has it", taken.Message, StringComparison.Ordinal);
        await using var other = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, claim with { Part = 1, FirstRow = 500, RunId = Guid.NewGuid() }, new CatalogRetry(), Cancellation);
        Assert.Equal(500, other.Ledger.NextRow);
        Assert.All(await CatalogRuns.ListAsync(catalog.Catalog, catalog.Index, 10, Cancellation), run => Assert.True(run.Connected));
        await other.DisposeAsync();
        await catalog.UntilAsync("select count(*) = 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())");
        Assert.False((await CatalogRuns.FindAsync(catalog.Catalog, other.RunId, Cancellation))!.Connected);
        Assert.True((await CatalogRuns.FindAsync(catalog.Catalog, first.RunId, Cancellation))!.Connected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_was_frozen_and_taken_over_meanwhile_stops_and_changes_nothing(bool otherHasEnded)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        using var host = HostProcess.Start("catalog-ingest", catalog.Database.OwnerConnectionString, "sample", "1000000", "10");
        for (var line = 0; line < 5; line++)
        {
            Assert.NotNull(await host.ReadLineAsync());
        }

        await host.FreezeAsync();
        await catalog.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'retrieval writer%' and datname = current_database()");
        long stored;
        CatalogIngestion next;
        await using (next = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 10, "next"), new CatalogRetry(), Cancellation))
        {
            for (var i = 0; i < 3; i++)
            {
                await next.StoreAsync(SampleSource.Batch(next.Ledger.NextRow, next.Ledger.NextRow + 10), Cancellation);
            }

            stored = next.Ledger.NextRow;
            if (!otherHasEnded)
            {
                await host.ThawAsync();
                Assert.Contains("another run", await host.ReadToEndAsync(), StringComparison.Ordinal);
            }
        }

        if (otherHasEnded)
        {
            await host.ThawAsync();
            Assert.Contains("another run has continued it", await host.ReadToEndAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(3, host.ExitCode);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(stored));
        Assert.Equal(stored, await catalog.AskAsync<long>("select next_row from retrieval.ledger"));
        Assert.Equal(next.RunId, await catalog.AskAsync<Guid>("select run_id from retrieval.ledger"));
    }

    private static async Task<Dictionary<string, int>> LastVersionsAsync(SampleCatalog catalog, Dictionary<string, string> owners, Dictionary<string, int> ofOne, Dictionary<string, int> ofTwo)
    {
        var hashes = (await catalog.AskAsync<string[]>("select array_agg(id || ' ' || encode(content_hash, 'hex')) from retrieval.image"))!
            .Select(line => line.Split(' ')).ToDictionary(line => line[0], line => line[1]);
        // Whose it is says whose versions it may be; that it is some whole version of theirs is compared byte for byte.
        return owners.ToDictionary(owner => owner.Key, owner =>
        {
            var (last, lift) = owner.Value == "one" ? (ofOne[owner.Key], 0) : (ofTwo[owner.Key], Lift);
            return Enumerable.Range(lift, last - lift + 1).Single(version => Convert.ToHexStringLower(SampleCorpus.Image(owner.Key, version).Entry.ContentHash.Span) == hashes[owner.Key]);
        });
    }
}
