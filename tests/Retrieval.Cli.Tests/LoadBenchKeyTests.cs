using System.Text.Json;
using Retrieval.Cli.Tests.Postgres;

namespace Retrieval.Cli.Tests;

/// <summary><c>bench query --server</c> against a server that asks for keys.</summary>
public sealed class LoadBenchKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_with_keys_is_measured_with_one_and_its_metrics_are_read_by_who_may()
    {
        SampleSplit.Write(_folder, 12);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--source", _folder.Path, "--split", "test")).Succeeded();
        foreach (var role in (string[])["query", "ingest", "metrics"])
        {
            var made = (await CommandLineProcess.RunAsync("keys", "new", "--key-file", _folder["keys.json"], "--name", role, "--role", role)).Succeeded();
            await File.WriteAllTextAsync(_folder[role], made.Output, TestContext.Current.CancellationToken);
        }

        await using var server = await ServeProcess.StartAsync("--index", _folder["index"], "--key-file", _folder["keys.json"]);
        async Task<Outcome> MeasureAsync(params string[] more) =>
            await CommandLineProcess.RunAsync(["bench", "query", "--server", server.Address.ToString(), "--concurrency", "1", "--queries", "5", "--warm-up", "0", "--json", .. more]);

        foreach (var unknown in (Outcome[])[await MeasureAsync(), await MeasureAsync("--api-key-file", _folder["metrics"])])
        {
            Assert.Equal(1, unknown.Code);
            Assert.Contains("expected a key or token of the role query, from --api-key-file", Assert.Single(unknown.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }

        var withoutMetrics = (await MeasureAsync("--api-key-file", _folder["query"])).Json();
        var withMetrics = (await MeasureAsync("--api-key-file", _folder["ingest"])).Json();
        Assert.All((JsonElement[])[withoutMetrics, withMetrics], report => Assert.Equal(5, report.GetProperty("levels")[0].GetProperty("counts").GetProperty("answered").GetInt32()));
        Assert.Equal(JsonValueKind.Null, withoutMetrics.GetProperty("metrics").ValueKind);
        Assert.Equal(JsonValueKind.Object, withMetrics.GetProperty("metrics").ValueKind);
        Assert.DoesNotContain("rsk_", withMetrics.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n", "holds no key")]
    [InlineData("rsk_a\nrsk_b\n", "holds more than a key")]
    [InlineData("schlüssel", "holds more than a key")]
    public async Task A_file_that_holds_no_key_is_refused_by_name_and_not_shown(string text, string error)
    {
        await File.WriteAllTextAsync(_folder["key"], text, TestContext.Current.CancellationToken);

        var outcome = await CommandLineProcess.RunAsync("bench", "query", "--server", "http://127.0.0.1:1", "--api-key-file", _folder["key"]);

        Assert.Contains(error, outcome.Errors, StringComparison.Ordinal);
        Assert.Contains(_folder["key"], Assert.Single(outcome.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("rsk_", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told()
    {
        var outcome = await CommandLineProcess.RunAsync("bench", "query", "--server", "http://127.0.0.1:1", "--api-key-file", _folder["none"]);

        Assert.Equal(2, outcome.Code);
        Assert.Contains(_folder["none"], Assert.Single(outcome.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
