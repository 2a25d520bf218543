using System.Diagnostics;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval ingest --postgres</c>: what is in the catalog is what a local index would hold, whatever happens on the way.</summary>
public sealed class CatalogIngestTests
{
    private const int Images = 400;

    [Fact]
    public async Task A_catalog_holds_what_a_local_index_does_and_the_first_index_becomes_active()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 60, badRow: row => row == 17);
        await using var catalog = await CatalogUnderTest.CreateAsync();

        var report = await catalog.IngestAsync(folder);
        var again = await catalog.IngestAsync(folder, "--restart");

        Assert.Equal((59, 1, true, true), (report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32(), report.GetProperty("shortlistBuilt").GetBoolean(), report.GetProperty("activated").GetBoolean()));
        Assert.Equal((0, 59, false), (again.GetProperty("ingested").GetInt32(), again.GetProperty("skipped").GetInt32(), again.GetProperty("activated").GetBoolean()));
        Assert.Equal(await CatalogUnderTest.EmbeddedHashAsync(folder), await catalog.HashAsync("default"));
        Assert.Equal(17L, await catalog.AskAsync<long>("select row_number from retrieval.reject"));
    }

    [Fact]
    public async Task Parts_that_run_at_once_store_what_one_run_would()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 100);
        await using var catalog = await CatalogUnderTest.CreateAsync();

        var parts = await Task.WhenAll(Enumerable.Range(0, 3).Select(part => catalog.IngestAsync(folder, "--part", $"{part}/3")));

        Assert.Equal(100, parts.Sum(part => part.GetProperty("ingested").GetInt32()));
        Assert.Contains(parts, part => part.GetProperty("sourceComplete").GetBoolean());
        Assert.Equal(1, parts.Count(part => part.GetProperty("activated").GetBoolean()));
        Assert.Equal(await CatalogUnderTest.EmbeddedHashAsync(folder), await catalog.HashAsync("default"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(71)]
    [Trait("Promise", "4")]
    public async Task A_killed_ingestion_resumes_to_the_same_content(int seed)
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, Images, seed, badRow: row => row % 41 == 3);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        var random = new Random(seed);
        var killed = 0;
        foreach (var epoch in Enumerable.Range(0, 3).Select(_ => random.Next(1, Images / 8)).Order())
        {
            using var process = CommandLineProcess.Start(catalog.Ingest(folder));
            while (!process.HasExited && await EpochAsync(catalog) < epoch)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            killed += process.HasExited ? 0 : 1;
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var resumed = await catalog.IngestAsync(folder);

        Assert.True(killed > 0, "no run was killed before its end");
        var rejected = Enumerable.Range(0, Images).Count(row => row % 41 == 3);
        Assert.Equal((Images - rejected, rejected), (resumed.GetProperty("allRuns").GetProperty("ingested").GetInt32(), resumed.GetProperty("allRuns").GetProperty("rejected").GetInt32()));
        Assert.Equal(rejected, await catalog.AskAsync<long>("select count(distinct row_number) from retrieval.reject"));
        Assert.Equal(rejected, await catalog.AskAsync<long>("select count(*) from retrieval.reject"));
        Assert.Equal(await CatalogUnderTest.EmbeddedHashAsync(folder), await catalog.HashAsync("default"));
        (await catalog.RunAsync("index", "verify")).Succeeded();
    }

    [Fact]
    public async Task An_interrupted_ingestion_says_where_it_goes_on()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, Images);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        using var process = CommandLineProcess.Start(catalog.Ingest(folder));
        while (!process.HasExited && await EpochAsync(catalog) < 2)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        using (var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await interrupt.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
        Assert.Equal("cancelled", await catalog.AskAsync<string>("select state from retrieval.run"));
        var row = await catalog.AskAsync<long>("select next_row from retrieval.ledger");
        Assert.Contains($"resumes at row {row}", errors, StringComparison.Ordinal);
        Assert.Equal(row, (await catalog.IngestAsync(folder)).GetProperty("resumedAtRow").GetInt64());
    }

    [Fact]
    public async Task A_database_without_the_schema_is_refused_and_prepared_when_asked()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 4);
        await using var catalog = await CatalogUnderTest.CreateAsync(migrated: false);

        var refused = await CommandLineProcess.RunAsync(catalog.Ingest(folder));

        Assert.Equal(1, refused.Code);
        Assert.Contains("retrieval index migrate", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(4, (await catalog.IngestAsync(folder, "--migrate")).GetProperty("ingested").GetInt32());
    }

    [Fact]
    public async Task An_active_index_of_another_bundle_is_not_written_to()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 4);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        string[] compact = ["ingest", "--bundle", Fixture.Bundle(Fixture.Compact), "--postgres", catalog.Connection, "--source", folder.Path, "--split", "test"];

        (await CommandLineProcess.RunAsync(compact)).Refused("--name", "default");
        (await CommandLineProcess.RunAsync([.. compact, "--name", "default"])).Refused("fingerprint");
        (await CommandLineProcess.RunAsync([.. compact, "--name", "green"])).Succeeded();
    }

    private static async Task<long> EpochAsync(CatalogUnderTest catalog) => await catalog.AskAsync<long?>("select max(epoch) from retrieval.index") ?? 0;
}
