using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>An index whose manifest is damaged or lost, over the real program: said, refused, repaired.</summary>
public sealed class IndexRepairTests
{
    private const int Images = 40;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gone")]
    [InlineData("cut")]
    [InlineData("zeroed")]
    [InlineData("flipped")]
    public async Task A_lost_manifest_is_refused_by_all_and_a_repair_brings_back_the_whole_index(string loss)
    {
        using var folder = new TemporaryFolder();
        var hash = await IngestAsync(folder);
        await LoseAsync(folder, loss, "manifest.json", "manifest.copy.json");
        var before = Files(folder);

        var verified = await IndexAsync(folder, "verify");
        var hashed = await IndexAsync(folder, "hash");
        var deleted = await CommandLineProcess.RunAsync("index", "delete", "--index", folder["index"], SampleSplit.Id(1));
        var ingested = await CommandLineProcess.RunAsync(Ingest(folder));
        Assert.All([verified, hashed, deleted, ingested], outcome => Assert.Equal(1, outcome.Code));
        Assert.Contains("NOT verified", verified.Output, StringComparison.Ordinal);
        Assert.All([verified.Output, hashed.Errors, deleted.Errors, ingested.Errors], text => Assert.Contains("index repair", text, StringComparison.Ordinal));
        Assert.Equal(before, Files(folder));

        var dry = (await IndexAsync(folder, "repair", "--dry-run")).Succeeded();
        Assert.Contains("can be repaired", dry.Output, StringComparison.Ordinal);
        Assert.Equal(before, Files(folder));
        var repaired = (await IndexAsync(folder, "repair")).Succeeded();
        Assert.Contains("found:", repaired.Output, StringComparison.Ordinal);
        Assert.EndsWith("repaired\n", repaired.Output, StringComparison.Ordinal);

        Assert.Contains("verified", (await IndexAsync(folder, "verify")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(hash, await HashAsync(folder));

        // Its progress is lost; its images are not stored twice.
        var again = (await CommandLineProcess.RunAsync(Ingest(folder))).Json();
        Assert.Equal((0, Images), (again.GetProperty("ingested").GetInt32(), again.GetProperty("skipped").GetInt32()));
        Assert.Equal(hash, await HashAsync(folder));
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("manifest.copy.json")]
    public async Task One_damaged_file_fails_the_check_and_nothing_else(string file)
    {
        using var folder = new TemporaryFolder();
        var hash = await IngestAsync(folder);
        await LoseAsync(folder, "cut", file);

        var verified = await IndexAsync(folder, "verify", "--json");
        Assert.Equal(1, verified.Code);
        var fault = Assert.Single(JsonDocument.Parse(verified.Output).RootElement.GetProperty("faults").EnumerateArray());
        Assert.Equal(file, fault.GetProperty("file").GetString());
        Assert.Contains(file, (await IndexAsync(folder, "status")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(hash, await HashAsync(folder));

        (await IndexAsync(folder, "repair", "--json")).Json();
        (await IndexAsync(folder, "verify")).Succeeded();
        var again = (await IndexAsync(folder, "repair")).Succeeded();
        Assert.EndsWith("nothing to repair\n", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_data_are_named_and_left_as_they_are()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        var field = Path.Combine(folder["index"], "data-1", "images", "embedding.f32");
        var bytes = await File.ReadAllBytesAsync(field, Cancelled);
        bytes[17] ^= 1;
        await File.WriteAllBytesAsync(field, bytes, Cancelled);
        await LoseAsync(folder, "gone", "manifest.json", "manifest.copy.json");
        var before = Files(folder);

        var refused = await IndexAsync(folder, "repair");

        Assert.Equal(1, refused.Code);
        Assert.Contains("images/embedding.f32", refused.Output, StringComparison.Ordinal);
        Assert.EndsWith("NOT repaired; nothing was changed\n", refused.Output, StringComparison.Ordinal);
        Assert.Equal(before, Files(folder));
    }

    [Fact]
    public async Task Where_nothing_says_what_the_index_stores_the_bundle_does()
    {
        using var folder = new TemporaryFolder();
        var hash = await IngestAsync(folder);
        await LoseAsync(folder, "gone", "manifest.json", "manifest.copy.json", "data-1/origin.json");

        var without = await IndexAsync(folder, "repair");
        Assert.Equal(1, without.Code);
        Assert.Contains("--bundle", without.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await IndexAsync(folder, "repair", "--bundle", Fixture.Bundle(Fixture.Compact))).Code);
        (await IndexAsync(folder, "repair", "--bundle", Fixture.Bundle())).Succeeded();

        Assert.Equal(hash, await HashAsync(folder));
    }

    [Fact]
    public async Task A_folder_without_an_index_is_refused()
    {
        using var folder = new TemporaryFolder();
        (await IndexAsync(folder, "repair")).Refused("no index");
        Assert.False(Directory.Exists(folder["index"]));
    }

    private static Task<Outcome> IndexAsync(TemporaryFolder folder, string command, params string[] more) =>
        CommandLineProcess.RunAsync(["index", command, "--index", folder["index"], .. more]);

    private static async Task<string> IngestAsync(TemporaryFolder folder)
    {
        SampleSplit.Write(folder, Images);
        (await CommandLineProcess.RunAsync(Ingest(folder))).Succeeded();
        return await HashAsync(folder);
    }

    private static string[] Ingest(TemporaryFolder folder) =>
        ["ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--json"];

    private static async Task<string> HashAsync(TemporaryFolder folder) => (await IndexAsync(folder, "hash")).Succeeded().Output;

    private static async Task LoseAsync(TemporaryFolder folder, string loss, params string[] files)
    {
        foreach (var file in files.Select(file => Path.Combine(folder["index"], file)))
        {
            var bytes = await File.ReadAllBytesAsync(file, Cancelled);
            File.Delete(file);
            switch (loss)
            {
                case "cut":
                    await File.WriteAllBytesAsync(file, bytes[..(bytes.Length / 2)], Cancelled);
                    break;
                case "zeroed":
                    await File.WriteAllBytesAsync(file, new byte[bytes.Length], Cancelled);
                    break;
                case "flipped":
                    bytes[bytes.Length / 3] ^= 8;
                    await File.WriteAllBytesAsync(file, bytes, Cancelled);
                    break;
                default:
                    break;
            }
        }
    }

    private static List<(string, long, DateTime)> Files(TemporaryFolder folder) =>
        [.. new DirectoryInfo(folder["index"]).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name != "lock").Select(file => (file.FullName, file.Length, file.LastWriteTimeUtc)).Order()];
}
