namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval bench catalog</c> measures what it promises; its numbers are nobody's business here.</summary>
public sealed class CatalogBenchTests
{
    [Fact]
    public async Task The_catalog_is_measured_and_nothing_of_it_is_left()
    {
        await using var catalog = await CatalogUnderTest.CreateAsync();

        var report = (await catalog.RunAsync(
            "bench", "catalog", "--images", "20", "--regions", "4", "--embed-size", "16", "--batch", "8", "--lag-samples", "1", "--follow-ms", "50",
            "--vectors", "600", "--vector-width", "16", "--shortlist", "10", "--queries", "5", "--ef-factors", "1,2.5", "--json")).Json();

        Assert.Equal(20, report.GetProperty("store").GetProperty("images").GetInt32());
        Assert.Equal(20, report.GetProperty("fetch").GetProperty("images").GetInt32());
        Assert.True(report.GetProperty("lagSeconds").GetProperty("median").GetDouble() > 0);
        var shortlist = report.GetProperty("shortlist");
        Assert.InRange(shortlist.GetProperty("recall").GetProperty("meanRecall").GetDouble(), 0.5, 1);
        var factors = shortlist.GetProperty("factors").EnumerateArray().ToList();
        Assert.Equal([1, 2.5], factors.Select(factor => factor.GetProperty("efFactor").GetDouble()));
        Assert.All(factors, factor => Assert.Equal(5, factor.GetProperty("recall").GetProperty("queries").GetInt32()));
        Assert.Empty((await catalog.RunAsync("index", "status", "--json")).Json().GetProperty("indexes").EnumerateArray());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1,fast")]
    [InlineData("1,,2")]
    public async Task Numbers_of_candidates_that_are_none_are_refused(string factors) =>
        (await CommandLineProcess.RunAsync("bench", "catalog", "--postgres", "Host=nowhere", "--ef-factors", factors)).Refused("--ef-factors");
}
