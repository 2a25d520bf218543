using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>What happens to an index that is damaged or has grown old.</summary>
public sealed class IndexTests
{
    [Fact]
    public async Task Damage_is_named_with_its_file_and_rows()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        var field = Directory.GetFiles(folder["index"], "*", SearchOption.AllDirectories).MaxBy(path => new FileInfo(path).Length)!;
        var bytes = await File.ReadAllBytesAsync(field, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(field, bytes, TestContext.Current.CancellationToken);

        var outcome = await CommandLineProcess.RunAsync("index", "verify", "--index", folder["index"], "--json");

        Assert.Equal(1, outcome.Code);
        var fault = Assert.Single(JsonDocument.Parse(outcome.Output).RootElement.GetProperty("faults").EnumerateArray());
        Assert.EndsWith(fault.GetProperty("file").GetString()!, field, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_cut_short_is_a_finding_and_not_a_crash()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        var field = Directory.GetFiles(folder["index"], "*", SearchOption.AllDirectories).MaxBy(path => new FileInfo(path).Length)!;
        using (var file = File.OpenWrite(field))
        {
            file.SetLength(file.Length - 1);
        }

        var verified = await CommandLineProcess.RunAsync("index", "verify", "--index", folder["index"], "--json");
        var status = await CommandLineProcess.RunAsync("index", "status", "--index", folder["index"]);

        Assert.Equal((1, 1), (verified.Code, status.Code));
        Assert.False(JsonDocument.Parse(verified.Output).RootElement.GetProperty("ok").GetBoolean());
        Assert.Single(status.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Compaction_drops_replaced_images_and_keeps_the_content()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        SampleSplit.Write(folder, 10, seed: 2);
        var replaced = await IngestAsync(folder);
        var before = (await CommandLineProcess.RunAsync("index", "hash", "--index", folder["index"])).Succeeded().Output;

        var compacted = (await CommandLineProcess.RunAsync("index", "compact", "--index", folder["index"], "--json")).Json();

        Assert.Equal(10, replaced.GetProperty("ingested").GetInt32());
        Assert.Equal((10, 20), (compacted.GetProperty("imagesRemoved").GetInt32(), compacted.GetProperty("captionsRemoved").GetInt32()));
        Assert.Equal(before, (await CommandLineProcess.RunAsync("index", "hash", "--index", folder["index"])).Output);
    }

    private static async Task<JsonElement> IngestAsync(TemporaryFolder folder)
    {
        if (!File.Exists(folder["test_ims.npy"]))
        {
            SampleSplit.Write(folder, 10);
        }

        return (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--json")).Json();
    }
}
