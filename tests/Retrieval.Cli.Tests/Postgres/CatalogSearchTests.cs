using System.Text.Json;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval search --postgres</c>.</summary>
public sealed class CatalogSearchTests
{
    [Fact]
    public async Task A_catalog_answers_as_a_local_index_does_with_a_copy_that_is_kept_or_none()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 20);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--batch", "8")).Succeeded();
        string[] search = ["search", "--bundle", Fixture.Bundle(), "--caption", "w4 w5", "--top", "5", "--json"];

        var local = Hits((await CommandLineProcess.RunAsync([.. search, "--index", folder["index"]])).Json());

        Assert.Equal(local, Hits((await catalog.RunAsync(search)).Json()));
        Assert.Equal(local, Hits((await catalog.RunAsync([.. search, "--index", folder["copy"]])).Json()));
        Assert.True(Directory.Exists(folder["copy"]));
        Assert.Equal(4, Hits((await catalog.RunAsync("search", "--bundle", Fixture.Bundle(), "--like", SampleSplit.Id(1), "--top", "4", "--json")).Json()).Length);
    }

    [Fact]
    public async Task An_index_that_is_not_there_is_refused_by_name()
    {
        await using var catalog = await CatalogUnderTest.CreateAsync();

        var outcome = await catalog.RunAsync("search", "--bundle", Fixture.Bundle(), "--caption", "w4", "--name", "nobody");

        Assert.Equal((1, true), (outcome.Code, outcome.Errors.Contains("nobody", StringComparison.Ordinal)));
    }

    private static string[] Hits(JsonElement answer) => [.. answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("id").GetString()!)];
}
