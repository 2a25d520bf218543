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
        using (var process = CommandLineProcess.Start(ingest))
        {
            while (!process.HasExited && (await catalog.AskAsync<long?>("select max(epoch) from retrieval.index") ?? 0) < 3)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

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
