using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Cli.Tests;

/// <summary>kill -9 anywhere, run again, and the index is the one of an undisturbed run.</summary>
[Trait("Promise", "4")]
public sealed class KilledIngestCommandTests
{
    private const int Images = 1200;
    private const int Commits = Images / 40;

    [Theory]
    [InlineData(11)]
    [InlineData(23)]
    [InlineData(42)]
    public async Task A_killed_ingestion_resumes_to_the_same_index(int seed)
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, Images, seed, badRow: row => row % 97 == 5);
        var clean = (await CommandLineProcess.RunAsync(Arguments(folder, "clean"))).Json();
        var rejected = clean.GetProperty("rejected").GetInt32();

        var random = new Random(seed);
        var killed = 0;
        foreach (var commit in Enumerable.Range(0, 3).Select(_ => random.Next(1, Commits)).Order())
        {
            killed += await KillAtAsync(folder, commit, random) ? 1 : 0;
        }

        var resumed = (await CommandLineProcess.RunAsync(Arguments(folder, "killed"))).Json();

        Assert.True(killed > 0, "no run was killed before its end");
        Assert.Equal(await HashAsync(folder["clean"]), await HashAsync(folder["killed"]));
        Assert.Equal(rejected, resumed.GetProperty("allRuns").GetProperty("rejected").GetInt32());
        Assert.Equal(RejectedRows(clean), RejectedRows(resumed));
        (await CommandLineProcess.RunAsync("index", "verify", "--index", folder["killed"])).Succeeded();
    }

    [Fact]
    public async Task An_interrupted_ingestion_says_so_and_goes_on()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, Images);
        using var process = CommandLineProcess.Start(Arguments(folder, "index"));
        await WaitForAsync(process, folder["index"], 3);
        using (var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await interrupt.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
        var again = await CommandLineProcess.RunAsync(Arguments(folder, "index"));
        var row = again.Json().GetProperty("resumedAtRow").GetInt32();
        Assert.InRange(row, 1, Images - 1);
        Assert.Equal(Images, again.Json().GetProperty("rows").GetInt32());

        // Both say the row, as people read it.
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"resumes at row {row:N0}"), errors, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"resumed at row {row:N0}"), again.Errors, StringComparison.Ordinal);
    }

    /// <summary>Runs until a number of commits, then a little longer, then kills.</summary>
    /// <returns>Whether the run was killed before it ended by itself.</returns>
    private static async Task<bool> KillAtAsync(TemporaryFolder folder, int commit, Random random)
    {
        using var process = CommandLineProcess.Start(Arguments(folder, "killed"));
        await WaitForAsync(process, folder["killed"], commit);
        await Task.Delay(random.Next(0, 30), TestContext.Current.CancellationToken);
        var running = !process.HasExited;
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return running;
    }

    private static async Task WaitForAsync(Process process, string index, int commit)
    {
        while (!process.HasExited && !(LocalIndex.TryReadGeneration(index) >= commit))
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private static string[] Arguments(TemporaryFolder folder, string index) =>
        ["ingest", "--bundle", Fixture.Bundle(), "--index", folder[index], "--source", folder.Path, "--split", "test", "--batch", "8", "--commit-rows", "40", "--json"];

    private static async Task<string> HashAsync(string index) => (await CommandLineProcess.RunAsync("index", "hash", "--index", index)).Succeeded().Output;

    private static long[] RejectedRows(JsonElement report) =>
        [.. File.ReadLines(report.GetProperty("rejectsFile").GetString()!).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("row").GetInt64())];
}
