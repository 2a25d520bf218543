using System.Security.Cryptography;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Following;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>One follower a folder, and folders that were damaged.</summary>
public sealed class CacheFolderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_process_in_the_same_folder_is_told_so()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a"], 0);
        using (var host = HostProcess.Start("follow", catalog.Database.OwnerConnectionString, catalog.Cache(), "4096", "4096"))
        {
            while (await host.ReadLineAsync() is { } line && !line.StartsWith("done", StringComparison.Ordinal))
            {
            }

            await using var second = catalog.Follower();
            var error = await Assert.ThrowsAsync<CacheLockedException>(() => second.StepAsync(null, Cancellation));
            Assert.Contains(catalog.Cache(), error.Message);
            Assert.Throws<CacheLockedException>(second.OpenCached);
            await host.KillAsync();
            await catalog.HoldsAsync((await second.StepAsync(null, Cancellation)).Index);
        }
    }

    [Fact]
    public async Task A_second_follower_of_the_same_process_is_told_so_until_the_first_lets_go()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var second = catalog.Follower();
        await using (var first = catalog.Follower())
        {
            first.OpenCached();
            Assert.Throws<CacheLockedException>(second.OpenCached);
        }

        Assert.Null(second.OpenCached());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"catalog": "00000000-0000-0000-0000-000000000000", "index": 1, "name": "blue", "fingerprint": "x", "folder": "../elsewhere"}""")]
    public async Task A_torn_note_of_what_was_served_costs_a_look_at_the_copy_and_no_more(string content)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a", "b"], 0);
        await using (var follower = catalog.Follower())
        {
            await follower.StepAsync(null, Cancellation);
        }

        await File.WriteAllTextAsync(Path.Combine(catalog.Cache(), "serving.json"), content, Cancellation);
        await using var again = catalog.Follower();
        Assert.Null(again.OpenCached());
        var step = await again.StepAsync(null, Cancellation);
        Assert.Equal(0, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Theory]
    [InlineData("manifest.json", "manifest.copy.json")]
    [InlineData("data-1/images/id.utf8", "data-1/images/embedding.f32")]
    [InlineData("data-1/seals.bin")]
    public async Task A_damaged_copy_is_made_anew(params string[] files)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a", "b", "c"], 0);
        await using (var follower = catalog.Follower())
        {
            var copy = (await follower.StepAsync(null, Cancellation)).Index!;
            foreach (var file in files)
            {
                await File.WriteAllTextAsync(Path.Combine(copy.Path, file), "", Cancellation);
            }
        }

        await using var again = catalog.Follower();
        again.OpenCached();
        var step = await ReplicatedCatalog.SettleAsync(again);
        Assert.Equal(3, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Fact]
    public async Task A_copy_without_any_manifest_is_made_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a", "b", "c"], 0);
        await using (var follower = catalog.Follower())
        {
            var copy = (await follower.StepAsync(null, Cancellation)).Index!;
            File.Delete(Path.Combine(copy.Path, "manifest.json"));
            File.Delete(Path.Combine(copy.Path, "manifest.copy.json"));
        }

        await using var again = catalog.Follower();
        Assert.Null(again.OpenCached());
        var step = await ReplicatedCatalog.SettleAsync(again);
        Assert.Equal(3, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("manifest.copy.json")]
    public async Task A_copy_with_one_file_of_its_manifest_left_is_followed_on(string lost)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a", "b", "c"], 0);
        await using (var follower = catalog.Follower())
        {
            File.Delete(Path.Combine((await follower.StepAsync(null, Cancellation)).Index!.Path, lost));
        }

        await catalog.PutAsync(["d"], 0);
        await using var again = catalog.Follower();
        Assert.NotNull(again.OpenCached());
        var step = await ReplicatedCatalog.SettleAsync(again);
        Assert.Equal(1, step.Applied);
        await catalog.HoldsAsync(step.Index);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("manifest.json")]
    [InlineData("manifest.copy.json")]
    [InlineData("both")]
    public async Task A_local_index_is_not_taken_for_a_folder_of_copies_and_nothing_of_it_is_touched(string lost)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a"], 0);
        using (var writer = LocalIndexWriter.OpenOrCreate(catalog.Cache(), SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch("of the embedded mode"));
            await writer.CommitAsync(cancellation: Cancellation);
        }

        foreach (var file in new[] { "manifest.json", "manifest.copy.json" }.Where(file => lost == "both" || lost == file))
        {
            File.Delete(Path.Combine(catalog.Cache(), file));
        }

        var before = Contents(catalog.Cache());
        await using var follower = catalog.Follower();

        var error = await Assert.ThrowsAsync<CacheFolderTakenException>(() => follower.StepAsync(null, Cancellation));
        Assert.Throws<CacheFolderTakenException>(follower.OpenCached);

        Assert.Contains("local index", error.Message, StringComparison.Ordinal);
        Assert.Contains("Snapshot:Index", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents(catalog.Cache()));
    }

    private static List<string> Contents(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => $"{Path.GetRelativePath(folder, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}").Order(StringComparer.Ordinal)];

    [Fact]
    public async Task A_copy_of_a_bundle_that_is_not_accepted_any_more_is_not_opened()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(["a"], 0);
        await using (var follower = catalog.Follower())
        {
            await follower.StepAsync(null, Cancellation);
        }

        await using (var another = catalog.Follower(accepted: new Dictionary<string, IndexSchema>()))
        {
            Assert.Null(another.OpenCached());
        }

        await using var changed = catalog.Follower(accepted: new Dictionary<string, IndexSchema> { [SampleCorpus.Schema.Fingerprint] = SampleCorpus.Schema with { EmbeddingWidth = 7 } });
        Assert.Null(changed.OpenCached());
    }
}
