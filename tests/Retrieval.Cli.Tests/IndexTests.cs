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

        Assert.Equal((10, 10), (replaced.GetProperty("ingested").GetInt32(), replaced.GetProperty("replaced").GetInt32()));
        Assert.Equal((10, 20), (compacted.GetProperty("imagesRemoved").GetInt32(), compacted.GetProperty("captionsRemoved").GetInt32()));
        Assert.Equal(before, (await CommandLineProcess.RunAsync("index", "hash", "--index", folder["index"])).Output);
    }

    [Fact]
    public async Task Deleted_images_are_gone_with_their_captions()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        folder.Write("ids.txt", $"{SampleSplit.Id(4)}\r\n\n{SampleSplit.Id(5)}\n{SampleSplit.Id(3)}");

        var deleted = (await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], SampleSplit.Id(3), SampleSplit.Id(3), "--ids", folder["ids.txt"], "--json")).Json();

        Assert.Equal((3, 6, 7), (deleted.GetProperty("deleted").GetInt32(), deleted.GetProperty("captionsDeleted").GetInt32(), deleted.GetProperty("images").GetInt32()));
        Assert.Empty(deleted.GetProperty("unknown").EnumerateArray());
        var status = (await CommandLineProcess.RunAsync("index", "status", "--index", folder["index"], "--json")).Json();
        Assert.Equal((7, 3), (status.GetProperty("images").GetProperty("count").GetInt32(), status.GetProperty("images").GetProperty("deleted").GetInt32()));
        Assert.Equal(deleted.GetProperty("generation").GetInt64(), status.GetProperty("generation").GetInt64());
        (await CommandLineProcess.RunAsync("search", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--image", SampleSplit.Id(3))).Refused("unknown image id");
    }

    [Fact]
    public async Task Ids_that_are_not_there_are_named_and_the_others_deleted()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);

        var some = await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], SampleSplit.Id(1), "nobody", "--json");
        var none = await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], SampleSplit.Id(1), "--json");

        var (first, second) = (JsonDocument.Parse(some.Output).RootElement, JsonDocument.Parse(none.Output).RootElement);
        Assert.Equal((1, 1), (some.Code, none.Code));
        Assert.Contains("1 of 2 ids", some.Errors, StringComparison.Ordinal);
        Assert.Equal("nobody", Assert.Single(first.GetProperty("unknown").EnumerateArray()).GetString());
        Assert.Equal((1, 0), (first.GetProperty("deleted").GetInt32(), second.GetProperty("deleted").GetInt32()));

        // Nothing to commit, nothing committed.
        Assert.Equal(first.GetProperty("generation").GetInt64(), second.GetProperty("generation").GetInt64());
    }

    [Fact]
    public async Task Deletion_without_an_index_or_an_id_is_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ids.txt", "\n");

        (await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], "a")).Refused("no index");
        (await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"])).Refused("ID…", "--ids FILE");
        (await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], "--ids", folder["ids.txt"])).Refused("ids.txt", "no ids");
        Assert.False(Directory.Exists(folder["index"]));
    }

    [Fact]
    public async Task Indexes_of_a_folder_are_listed_and_one_that_is_damaged_does_not_hide_the_others()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        Directory.CreateDirectory(folder["all"]);
        Directory.CreateDirectory(folder["all/none"]);
        Directory.Move(folder["index"], folder["all/a"]);
        Directory.CreateDirectory(folder["all/b"]);
        foreach (var manifest in Directory.GetFiles(folder["all/a"]).Where(path => Path.GetFileName(path).StartsWith("manifest", StringComparison.Ordinal)))
        {
            await File.WriteAllTextAsync(Path.Combine(folder["all/b"], Path.GetFileName(manifest)), "{}", TestContext.Current.CancellationToken);
        }

        var all = (await CommandLineProcess.RunAsync("index", "list", "--index", folder["all"], "--json")).Json().GetProperty("indexes");
        var one = Assert.Single((await CommandLineProcess.RunAsync("index", "list", "--index", folder["all/a"], "--json")).Json().GetProperty("indexes").EnumerateArray());

        Assert.Equal([folder["all/a"], folder["all/b"]], all.EnumerateArray().Select(index => index.GetProperty("name").GetString()));
        Assert.Equal(one.GetRawText().Replace(" ", "", StringComparison.Ordinal), all[0].GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal((10, 20, JsonValueKind.Null, JsonValueKind.Null), (one.GetProperty("images").GetInt32(), one.GetProperty("captions").GetInt32(), one.GetProperty("active").ValueKind, one.GetProperty("incomplete").ValueKind));
        Assert.Contains("all/b", all[1].GetProperty("incomplete").GetString(), StringComparison.Ordinal);
        Assert.Contains("─", (await CommandLineProcess.RunAsync("index", "list", "--index", folder["all"])).Succeeded().Output, StringComparison.Ordinal);
        (await CommandLineProcess.RunAsync("index", "list", "--index", folder["all/none"])).Refused("no index in");
        (await CommandLineProcess.RunAsync("index", "list", "--index", folder["nowhere"])).Refused("no such folder");
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
