using Npgsql;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary>Images of 10 to 100 regions in a catalog.</summary>
public sealed class CatalogAdaptiveFeaturesTests
{
    private const int Images = 120;

    [Fact]
    public async Task A_catalog_answers_as_a_local_index_does_also_after_a_kill()
    {
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Images, 9, 101);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        var ingest = AdaptiveFeaturesTests.Ingest(folder, "--postgres", catalog.Connection);
        // The run stands before its fourth commit, so that it is killed at work.
        await catalog.Database.ExecuteAsAdminAsync("""
            create function public.gate() returns trigger language plpgsql as $$ begin if new.epoch = 4 then perform pg_advisory_xact_lock(7); end if; return new; end $$;
            create trigger gate before update on retrieval.index for each row execute function public.gate()
            """, TestContext.Current.CancellationToken);
        await using var gate = new NpgsqlConnection(catalog.Database.AdminConnectionString + ";Pooling=false");
        await gate.OpenAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("select pg_advisory_lock(7)", gate);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        using (var process = CommandLineProcess.Start(ingest))
        {
            while (!process.HasExited && (await catalog.AskAsync<long?>("select max(epoch) from retrieval.index") ?? 0) < 3)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await gate.CloseAsync();
        await catalog.Database.ExecuteAsAdminAsync("drop trigger gate on retrieval.index", TestContext.Current.CancellationToken);
        var resumed = (await CommandLineProcess.RunAsync(ingest)).Json();
        (await CommandLineProcess.RunAsync(AdaptiveFeaturesTests.Ingest(folder, "--index", folder["index"]))).Succeeded();

        Assert.InRange(resumed.GetProperty("resumedAtRow").GetInt32(), 1, Images - 1);
        Assert.Equal((Images, 2), (resumed.GetProperty("allRuns").GetProperty("ingested").GetInt32(), resumed.GetProperty("allRuns").GetProperty("rejected").GetInt32()));
        (await catalog.RunAsync("index", "verify")).Succeeded();
        var local = (await CommandLineProcess.RunAsync("index", "hash", "--index", folder["index"])).Succeeded().Output.Split(' ', '\n')[0];
        Assert.Equal(local, await catalog.HashAsync("default"));
        foreach (string[] query in new string[][] { ["--caption", AdaptiveCorpus.CaptionOf(3, 0)], ["--image", AdaptiveCorpus.IdOf(0)], ["--image", AdaptiveCorpus.IdOf(1)] })
        {
            var expected = AdaptiveFeaturesTests.Hits(await CommandLineProcess.RunAsync(AdaptiveFeaturesTests.Search(["--index", folder["index"], .. query])));
            Assert.Equal(expected, AdaptiveFeaturesTests.Hits(await catalog.RunAsync(AdaptiveFeaturesTests.Search(query))));
        }
    }
}
