using System.Text.Json;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval evaluate --postgres</c>.</summary>
public sealed class CatalogEvaluateTests
{
    [Fact]
    public async Task An_index_of_a_catalog_is_evaluated_through_pgvector_beside_exact_shortlists()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 30);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--batch", "8")).Succeeded();
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "5,12,all", "--queries", "20"];

        var local = (await CommandLineProcess.RunAsync([.. evaluate, "--json", "--index", folder["index"]])).Json();
        var copied = (await catalog.RunAsync([.. evaluate, "--json", "--index", folder["copy"]])).Json();
        var again = (await catalog.RunAsync([.. evaluate, "--json", "--index", folder["copy"], "--name", "default"])).Json();
        var table = (await catalog.RunAsync(evaluate)).Succeeded().Output;

        var rows = copied.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal([null, "exact", "pgvector", "exact", "pgvector", null], rows.Select(row => row.GetProperty("through").GetString()));
        Assert.Equal(local.GetProperty("rows").EnumerateArray().Select(row => row.ToString()), rows.Where(row => row.GetProperty("through").GetString() != "pgvector").Select(row => row.ToString()));
        Assert.True(JsonElement.DeepEquals(copied.GetProperty("rows"), again.GetProperty("rows")));
        foreach (var row in copied.GetProperty("pgvector").EnumerateArray())
        {
            foreach (var direction in new[] { row.GetProperty("textToImage"), row.GetProperty("imageToText") })
            {
                Assert.Equal((100, 0), (direction.GetProperty("recall").GetDouble(), direction.GetProperty("fellBack").GetInt32()));
                Assert.True(direction.GetProperty("medianMilliseconds").GetDouble() > 0);
            }
        }

        Assert.Equal(JsonValueKind.Null, local.GetProperty("pgvector").ValueKind);
        Assert.Equal(0, rows[2].GetProperty("textToImage").GetProperty("lossOfPgvectorAt1").GetDouble());
        Assert.All(["through", "pgvector's shortlists", "of it, pgvector", "median, ms"], part => Assert.Contains(part, table, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_catalog_that_lacks_rows_is_said_to()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 30);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        await catalog.Database.ExecuteAsAdminAsync("truncate retrieval.image_embedding", TestContext.Current.CancellationToken);

        var table = (await catalog.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "5", "--queries", "7")).Succeeded().Output;

        Assert.Contains("the catalog lacks rows of its index", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_evaluated_is_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "5"];

        (await catalog.RunAsync(evaluate)).Refused("--name", "no index of the catalog is active");
        await catalog.IngestAsync(folder);
        var unknown = await catalog.RunAsync([.. evaluate, "--name", "green"]);
        var other = await catalog.RunAsync("evaluate", "--bundle", Fixture.Bundle(Fixture.Compact), "--shortlist", "5");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test")).Succeeded();
        var taken = await catalog.RunAsync([.. evaluate, "--index", folder["index"]]);

        Assert.Equal((1, true), (unknown.Code, unknown.Errors.Contains("green", StringComparison.Ordinal)));
        Assert.Equal((2, true), (other.Code, other.Errors.Contains("was built with bundle", StringComparison.Ordinal)));
        Assert.Equal((1, true), (taken.Code, taken.Errors.Contains(folder["index"], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_folder_of_a_running_server_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        await using var server = await ServeProcess.StartAsync("--index", folder["replica"], "--postgres", catalog.Connection);

        var outcome = await catalog.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "5", "--index", folder["replica"]);

        Assert.Equal((1, true), (outcome.Code, outcome.Errors.Contains(folder["replica"], StringComparison.Ordinal)));
    }
}
