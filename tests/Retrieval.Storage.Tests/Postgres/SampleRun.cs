using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>An ingestion of the sample source in this process, for tests that do harm meanwhile.</summary>
internal sealed class SampleRun(Catalog catalog, CatalogIndex index, CatalogRetry retry)
{
    private long _acknowledged;
    private long _end = long.MaxValue;

    /// <summary>Rows that <see cref="CatalogIngestion.StoreAsync"/> returned for.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public int Ingested { get; private set; }

    public string Key { get; init; } = SampleSource.Key;

    public string Ids { get; init; } = "image";

    public bool Replace { get; init; }

    public int Lift { get; init; }

    public int Refused { get; private set; }

    public CancellationToken Stop { get; init; } = TestContext.Current.CancellationToken;

    /// <summary>Has a run that was started without an end come to one.</summary>
    public void EndAt(long rows) => Interlocked.Exchange(ref _end, rows);

    public Task RunAsync(long rows, int every = 10)
    {
        EndAt(rows);
        return RunUntilToldAsync(every);
    }

    /// <summary>Until <see cref="EndAt"/> says.</summary>
    public async Task RunUntilToldAsync(int every = 10)
    {
        await using var run = await CatalogIngestion.BeginAsync(catalog, index, new IngestionClaim(Key, "1", every, "test"), retry, Stop);
        while (run.Ledger.NextRow < Interlocked.Read(ref _end))
        {
            var outcome = await run.StoreAsync(SampleSource.Batch(run.Ledger.NextRow, run.Ledger.NextRow + every, Key, Ids, Replace, Lift), Stop);
            Ingested += outcome.Inserted + outcome.Replaced;
            Refused += outcome.Refused.Count;
            Interlocked.Exchange(ref _acknowledged, run.Ledger.NextRow);
        }

        await run.CompleteAsync(Stop);
    }

    /// <summary>Waits until more rows are acknowledged, or the run has ended.</summary>
    public async Task BeyondAsync(long rows, Task run)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (Acknowledged <= rows && !run.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60), $"no row beyond {rows} within a minute");
            await Task.Delay(5, Stop);
        }
    }
}
