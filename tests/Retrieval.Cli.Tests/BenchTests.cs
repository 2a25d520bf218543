using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>The benchmarks run and say what they promise; their numbers are nobody's business here.</summary>
public sealed class BenchTests
{
    [Fact]
    public async Task Rerank_compares_several_bundles_over_the_same_pairs()
    {
        var report = (await CommandLineProcess.RunAsync(
            "bench", "rerank", "--bundle", Fixture.Bundle(), "--against", Fixture.Bundle(Fixture.Published), "--against", Fixture.Bundle(Fixture.Compact),
            "--pairs", "20", "--words", "5", "--images", "12", "--repetitions", "3", "--pairs-per-call", "4,0", "--mflop-per-pair", "1", "--json")).Json();

        Assert.Equal(["serving", "published", "serving"], report.GetProperty("bundles").EnumerateArray().Select(bundle => bundle.GetProperty("form").GetString()!));
        var scorers = report.GetProperty("scorers").EnumerateArray().Select(row => row.GetProperty("rates").EnumerateArray().ToList()).ToList();
        Assert.Equal(4, scorers.Count);
        Assert.All(scorers, rates => Assert.Equal(3, rates.Count));
        Assert.All(scorers.SelectMany(rates => rates), rate => Assert.True(rate.GetProperty("pairsPerSecond").GetProperty("median").GetDouble() > 0));
        Assert.All(scorers.SelectMany(rates => rates.Skip(1)), rate => Assert.True(rate.GetProperty("ratio").GetProperty("median").GetDouble() > 0));
        Assert.All(scorers.SelectMany(rates => rates), rate => Assert.True(rate.GetProperty("pairsPerCall").GetInt32() > 0));

        // Different graphs of the same weights: had they scored different pairs, this would be far off.
        Assert.All(scorers, rates => Assert.InRange(rates[1].GetProperty("largestDifference").GetDouble(), 1e-12, 1e-5));
        Assert.All(scorers, rates => Assert.InRange(rates[2].GetProperty("largestDifference").GetDouble(), 0, 1e-2));
        Assert.Equal(4, report.GetProperty("bestRatios").GetArrayLength());
        Assert.True(report.GetProperty("matrixProductGflops").GetProperty("median").GetDouble() > 0.1);

        // A slot and a query number a pair, and the query's record a call: fewer calls, fewer bytes.
        Assert.All(scorers.SelectMany(rates => rates), rate => Assert.True(rate.GetProperty("inputBytes").GetInt64() > 16 * 20));
        Assert.Equal(
            scorers[0][0].GetProperty("inputBytes").GetInt64() - (16 * 20),
            5 * (scorers[1][0].GetProperty("inputBytes").GetInt64() - (16 * 20)));
    }

    [Fact]
    public async Task A_bank_that_does_not_fit_into_memory_is_refused_with_the_arithmetic()
    {
        var outcome = await CommandLineProcess.RunAsync(
            new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x4000000" }, "bench", "rerank", "--bundle", Fixture.Bundle(), "--images", "1000000", "--repetitions", "1");

        outcome.Refused("--images", "1000000 records", "MiB");
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

    [Fact]
    public async Task Opening_is_measured_from_nothing_and_from_the_generation_before()
    {
        var report = (await CommandLineProcess.RunAsync("bench", "open", "--images", "300", "--changed", "10", "--repetitions", "2", "--json")).Json();

        Assert.True(report.GetProperty("fromNothing").GetProperty("openMs").GetProperty("median").GetDouble() > 0);
        Assert.True(report.GetProperty("fromFormer").GetProperty("lookupsMs").GetProperty("median").GetDouble() > 0);
        (await CommandLineProcess.RunAsync("bench", "open", "--images", "5", "--changed", "6")).Refused("--changed", "--images");
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
