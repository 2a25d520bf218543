using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Postgres.Writing;

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
        await using var catalog = await TestCatalog.CreateAsync();
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
}
