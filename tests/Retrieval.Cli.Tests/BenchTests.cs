using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>The benchmarks run and say what they promise; their numbers are nobody's business here.</summary>
public sealed class BenchTests
{
    [Fact]
    public async Task Rerank_compares_two_bundles_over_the_same_pairs()
    {
        var report = (await CommandLineProcess.RunAsync(
            "bench", "rerank", "--bundle", Fixture.Bundle(), "--against", Fixture.Bundle(Fixture.Published),
            "--pairs", "20", "--words", "5", "--images", "12", "--repetitions", "2", "--pairs-per-call", "4,20", "--mflop-per-pair", "1", "--json")).Json();

        Assert.Equal(["serving", "published"], report.GetProperty("bundles").EnumerateArray().Select(bundle => bundle.GetProperty("form").GetString()!));
        var scorers = report.GetProperty("scorers").EnumerateArray().ToList();
        Assert.Equal(4, scorers.Count);
        Assert.All(scorers, row => Assert.True(row.GetProperty("pairsPerSecond").GetProperty("median").GetDouble() > 0));
        Assert.All(scorers, row => Assert.True(row.GetProperty("ratio").GetProperty("median").GetDouble() > 0));

        // Different graphs of the same weights: had they scored different pairs, this would be far off.
        Assert.InRange(report.GetProperty("largestDifference").GetDouble(), 1e-12, 1e-5);
        Assert.True(report.GetProperty("matrixProductGflops").GetProperty("median").GetDouble() > 0.1);
    }

    [Fact]
    public async Task Queries_and_start_are_measured_on_an_index()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 12);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test")).Succeeded();

        var queries = (await CommandLineProcess.RunAsync("bench", "query", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--queries", "4", "--shortlist", "8", "--top", "3", "--json")).Json();
        var start = (await CommandLineProcess.RunAsync("bench", "start", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--repetitions", "1", "--json")).Json();

        Assert.Equal(["text-to-image", "image-to-text"], queries.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetProperty("direction").GetString()!));
        Assert.All(queries.GetProperty("kinds").EnumerateArray(), Plausible);
        Assert.True(start.GetProperty("loadSeconds").GetProperty("median").GetDouble() > 0);
    }

    [Fact]
    public async Task Ingestion_is_measured_at_each_size()
    {
        var report = (await CommandLineProcess.RunAsync("bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "40,80", "--captions-per-image", "2", "--words", "5", "--json")).Json();

        Assert.StartsWith("zeros", report.GetProperty("features").GetString(), StringComparison.Ordinal);
        var runs = report.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal([40, 80], runs.Select(run => run.GetProperty("images").GetInt32()));
        Assert.All(runs, run => Assert.True(run.GetProperty("peakResidentBytes").GetInt64() > 10 << 20));
        Assert.True(runs[1].GetProperty("indexBytes").GetInt64() > runs[0].GetProperty("indexBytes").GetInt64());
    }

    private static void Plausible(JsonElement kind)
    {
        var total = kind.GetProperty("totalMs").GetProperty("median").GetDouble();
        var stages = kind.GetProperty("stagesMs").EnumerateObject().ToDictionary(stage => stage.Name, stage => stage.Value.GetDouble());
        Assert.True(total > 0);
        Assert.Contains("score", stages);

        // Both shares are of encoder and scorer, not of the whole.
        var needed = stages.GetValueOrDefault("encode") + stages["score"];
        Assert.Equal((stages.Values.Sum() - needed) / needed, kind.GetProperty("otherStagesShare").GetDouble(), 9);
        Assert.Equal(kind.GetProperty("overheadMs").GetDouble() / kind.GetProperty("directMs").GetProperty("median").GetDouble(), kind.GetProperty("overheadShare").GetDouble(), 9);
    }
}
