using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Retrieval.Cli.Tests.Load;

namespace Retrieval.Cli.Tests;

/// <summary><c>bench query --server</c> against a server process over the fixture's index; its numbers are nobody's business here.</summary>
public sealed class LoadBenchTests(LoadedServer served) : IClassFixture<LoadedServer>
{
    [Fact]
    public async Task Levels_of_a_closed_loop_are_answered_and_timed()
    {
        var report = await MeasureAsync("--kind", "both", "--concurrency", "1,3", "--queries", "30");

        var levels = report.GetProperty("levels").EnumerateArray().ToList();
        Assert.Equal([1, 3], levels.Select(level => level.GetProperty("clients").GetInt32()));
        Assert.All(levels, level =>
        {
            var counts = level.GetProperty("counts");
            Assert.Equal((30, 30), (Number(counts, "requests"), Number(counts, "answered")));
            Assert.True(counts.GetProperty("goodPerSecond").GetDouble() > 0);
            Assert.True(counts.GetProperty("answeredMs").GetProperty("p99").GetDouble() > 0);
            Assert.True(counts.GetProperty("stagesMs").TryGetProperty("score", out _));
            Assert.True(level.GetProperty("generator").GetProperty("cores").GetDouble() > 0);
        });
        var metrics = report.GetProperty("metrics");
        Assert.Equal(0, Number(metrics, "activeRequestsAfter"));
        Assert.Contains(metrics.GetProperty("series").EnumerateArray(), series =>
            series.GetProperty("name").GetString()!.StartsWith("retrieval_query_duration_seconds", StringComparison.Ordinal) && series.GetProperty("growth").GetDouble() >= 30);
        Assert.True(report.GetProperty("queries").GetProperty("captions").GetInt32() > 0);
        Assert.True(report.GetProperty("queries").GetProperty("images").GetInt32() > 0);
        Assert.Equal("both", report.GetProperty("options").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Rates_of_an_open_loop_are_offered_with_files_to_ask_with()
    {
        var report = await MeasureAsync("--rate", "100,0.5x", "--concurrency", "2", "--seconds", "1", "--captions", served.Captions, "--deadline-ms", "5000");

        var levels = report.GetProperty("levels").EnumerateArray().ToList();
        Assert.Equal(["closed", "open", "open"], levels.Select(level => level.GetProperty("loop").GetString()));
        Assert.Equal(100, levels[1].GetProperty("offeredPerSecond").GetDouble());
        Assert.Equal(report.GetProperty("capacity").GetDouble() / 2, levels[2].GetProperty("offeredPerSecond").GetDouble(), 1e-9);
        Assert.All(levels.Skip(1), level => Assert.True(Number(level.GetProperty("counts"), "requests") > 0));
        Assert.All(levels, level => Assert.True(level.GetProperty("counts").TryGetProperty("overrunMs", out _)));
        Assert.Equal(SampleSplit.CaptionsPerImage * LoadedServer.Images, report.GetProperty("queries").GetProperty("captions").GetInt32());
    }

    [Fact]
    public async Task Overload_is_offered_and_the_server_found_alive_behind_it()
    {
        var report = await MeasureAsync("--overload", "--concurrency", "4", "--seconds", "2", "--disconnect", "0.5");

        var overload = report.GetProperty("overload");
        var levels = report.GetProperty("levels").EnumerateArray().ToList();
        Assert.Equal([0.7, 10, 0.7], levels.Skip(1).Select(level => Math.Round(level.GetProperty("offeredPerSecond").GetDouble() / overload.GetProperty("capacity").GetDouble(), 9)));
        Assert.True(overload.GetProperty("goodputShare").GetDouble() > 0);
        Assert.InRange(overload.GetProperty("shedShare").GetDouble(), 0, 1);
        Assert.True(levels.Sum(level => Number(level.GetProperty("counts"), "left")) > 0);
        var counts = levels[2].GetProperty("counts");
        Assert.Equal(
            Number(counts, "requests"),
            new[] { "answered", "shed", "late", "refused", "failed", "left" }.Sum(kind => Number(counts, kind)));
    }

    [Fact]
    public async Task A_table_says_the_same_to_a_person()
    {
        var outcome = (await CommandLineProcess.RunAsync("bench", "query", "--server", served.Url, "--concurrency", "1", "--queries", "5", "--warm-up", "0", "--shortlist", "8", "--top", "3")).Succeeded();

        Assert.Contains("1 client", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("shortlist", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("the generator took", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_or_is_another_is_told_in_one_line()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var other = builder.Build();
        other.Run(_ => Task.CompletedTask);
        await other.StartAsync(TestContext.Current.CancellationToken);
        var gone = await CommandLineProcess.RunAsync("bench", "query", "--server", "http://127.0.0.1:1");
        var wrong = await CommandLineProcess.RunAsync("bench", "query", "--server", other.Urls.Single());

        Assert.Equal((1, 1), (gone.Code, wrong.Code));
        Assert.Contains("http://127.0.0.1:1/", gone.Errors, StringComparison.Ordinal);
        Assert.Single(gone.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Single(wrong.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("--bundle", "--server", "http://127.0.0.1:1", "--bundle", "x")]
    [InlineData("--threads", "--server", "http://127.0.0.1:1", "--threads", "2")]
    [InlineData("--rate", "--server", "http://127.0.0.1:1", "--overload", "--rate", "5")]
    [InlineData("--queries", "--server", "http://127.0.0.1:1", "--overload", "--queries", "5")]
    [InlineData("--rate", "--server", "http://127.0.0.1:1", "--rate", "0")]
    [InlineData("--rate", "--server", "http://127.0.0.1:1", "--rate", "5,fast")]
    [InlineData("--disconnect", "--server", "http://127.0.0.1:1", "--disconnect", "1.5")]
    [InlineData("--kind", "--server", "http://127.0.0.1:1", "--kind", "1")]
    [InlineData("--server", "--server", "localhost")]
    [InlineData("--bundle", "--index", "x")]
    [InlineData("--seed", "--bundle", "x", "--index", "y", "--seed", "1")]
    public async Task Options_that_do_not_go_together_are_refused(string named, params string[] args) =>
        (await CommandLineProcess.RunAsync(["bench", "query", .. args])).Refused(named);

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();

    private async Task<JsonElement> MeasureAsync(params string[] args) =>
        (await CommandLineProcess.RunAsync(["bench", "query", "--server", served.Url, "--shortlist", "8", "--top", "3", "--warm-up", "0.2", "--json", .. args])).Json();
}
