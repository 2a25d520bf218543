using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.CrashHost;

/// <summary>Ingests the sample source into a catalog, saying what is committed.</summary>
internal static class CatalogHost
{
    public static async Task IngestAsync(string connectionString, string indexName, long rows, int every)
    {
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = connectionString, CommandSeconds = 5 });
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, indexName, SampleCorpus.Schema);
        await using var run = await CatalogIngestion.BeginAsync(catalog, index, new IngestionClaim(SampleSource.Key, "1", every, "host"), new CatalogRetry { For = TimeSpan.FromSeconds(60) });
        Console.WriteLine($"begin at {run.Ledger.NextRow}");
        while (run.Ledger.NextRow < rows)
        {
            var batch = SampleSource.Batch(run.Ledger.NextRow, Math.Min(rows, run.Ledger.NextRow + every));
            var outcome = await run.StoreAsync(batch);
            Console.WriteLine($"committed {batch.EndRow} at {outcome.Epoch}");
        }

        await run.CompleteAsync();
        Console.WriteLine("done");
    }
}
