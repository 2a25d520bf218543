using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Repair;
using Retrieval.Storage.Local.Verification;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Repair;

/// <summary>A repair brings back every committed image whose data are as they were sealed, and deletes nothing.</summary>
[Trait("Promise", "15")]
public sealed class RepairTests : WrittenIndexTests
{
    /// <summary>Ways to lose both files of the manifest.</summary>
    public static TheoryData<string> Losses => ["gone", "cut", "zeroed", "one bit flipped", "gone and cut"];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task With_both_files_lost_the_whole_index_comes_back(string loss)
    {
        var expected = await FillAsync();
        var (generation, hash) = Newest();
        await LoseAsync(loss);
        var before = Contents();

        var dry = LocalIndexRepair.Run(Folder.Index, dryRun: true, cancellation: Cancellation);
        Assert.True(dry.Ok);
        Assert.Equal((hash, before.Count), (dry.ContentHash, Contents().Count));
        Assert.Equal(before, Contents());

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal((hash, dry.Generation), (report.ContentHash, report.Generation));
        Assert.Equal((hash, expected.Count), (Newest().Hash, (int)report.Images));
        Assert.True(report.Generation > generation - 2, "the number was seen before");
        // The folder that damaged files are moved to is named after the second.
        Assert.All(report.Done.Select(WithoutTime), done => Assert.Contains(done, dry.Done.Select(WithoutTime)));
        using (var index = LocalIndex.Open(Folder.Index))
        {
            Assert.Empty(index.Verify(Cancellation).Faults);
            IndexAssert.Holds(index, expected);
            Assert.Equal(["one"], index.Manifest.Sources);
        }

        // What was there is there still: data as it was, torn manifests aside.
        Assert.Subset(Contents().Select(Hash).ToHashSet(), before.Select(Hash).ToHashSet());
        using var writer = Writer();
        Assert.Equal("one", writer.Find("e")!.Value.SourceKey);
        writer.Append(SampleCorpus.Batch("after"));
        expected["after"] = 0;
        await writer.CommitAsync(cancellation: Cancellation);
        using var after = LocalIndex.Open(Folder.Index);
        IndexAssert.Holds(after, expected);
    }

    [Theory]
    [InlineData("created")]
    [InlineData("first rows")]
    [InlineData("compacted")]
    [InlineData("compacted and written")]
    public async Task So_it_does_from_the_first_commit_on_and_after_a_compaction(string state)
    {
        Dictionary<string, int> expected = [];
        using (var writer = Writer())
        {
            if (state != "created")
            {
                await CommitAsync(writer, expected, 0, "a", "b");
            }

            if (state.StartsWith("compacted", StringComparison.Ordinal))
            {
                await CommitAsync(writer, expected, 1, "b");
                await writer.CompactAsync(Cancellation);
            }

            if (state == "compacted and written")
            {
                await CommitAsync(writer, expected, 2, "a");
            }
        }

        var hash = Newest().Hash;
        await LoseAsync("cut");

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal(hash, Newest().Hash);
        using var index = LocalIndex.Open(Folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(Cancellation).Faults);
    }

    [Fact]
    public async Task With_one_file_damaged_both_are_whole_again_and_the_generation_is_the_same()
    {
        await FillAsync();
        var newest = Newest();
        foreach (var file in new[] { Folder.Manifest, Folder.ManifestCopy })
        {
            await File.WriteAllTextAsync(file, "torn", Cancellation);
            var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

            Assert.True(report.Ok);
            Assert.Equal(newest, (report.Generation!.Value, report.ContentHash!));
            Assert.Equal(newest, Newest());
            Assert.Equal(await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
            Assert.Contains("torn", Directory.GetFiles(Folder.Index, "*", SearchOption.AllDirectories).Where(name => name.Contains("set-aside-", StringComparison.Ordinal)).Select(File.ReadAllText));
        }

        Assert.Empty(LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation).Done);
    }

    [Fact]
    public async Task What_nothing_accounts_for_is_set_aside_and_a_folder_of_a_killed_compaction_is_not_taken_for_newer()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        CopyFolder(Folder.Data(""), Folder.Data("", epoch: 2));
        await File.WriteAllTextAsync(Folder.Data("unfinished", epoch: 2), "", Cancellation);
        Directory.CreateDirectory(Folder.Data("images", epoch: 3));
        await File.WriteAllTextAsync(Folder.Data("unfinished", epoch: 3), "", Cancellation);
        await File.WriteAllTextAsync(Folder.Data("images/embedding.f32", epoch: 3), "half", Cancellation);
        await LoseAsync("gone");

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

        Assert.Equal((true, hash), (report.Ok, report.ContentHash));
        using (var index = LocalIndex.Open(Folder.Index))
        {
            Assert.Equal(1, index.SlotEpoch);
            IndexAssert.Holds(index, expected);
        }

        // With the index whole again, unknown folders only.
        Directory.CreateDirectory(Folder.Data("images", epoch: 9));
        await File.WriteAllTextAsync(Folder.Data("images/embedding.f32", epoch: 9), "somebody's", Cancellation);
        var again = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.Contains("data-9", Assert.Single(again.Done), StringComparison.Ordinal);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(Directory.GetFiles(Folder.Index, "embedding.f32", SearchOption.AllDirectories).Single(file => file.Contains("data-9", StringComparison.Ordinal)), Cancellation));
    }

    private static string Hash(string line) => line.Split(' ')[^1];

    private static string WithoutTime(string done) => System.Text.RegularExpressions.Regex.Replace(done, "[0-9]{8}T[0-9]{6}Z", "");
}
