using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Storage.Tests.Local.Manifest;

/// <summary>A kill between the files of a commit, and what looks like one.</summary>
[Trait("Promise", "15")]
public sealed class InterruptedCommitTests : WrittenIndexTests
{
    [Fact]
    public async Task A_commit_killed_between_its_two_files_is_one_that_came_to_its_end()
    {
        var expected = await FillAsync("later");
        var before = await File.ReadAllBytesAsync(Folder.Manifest, Cancellation);
        await CommitAsync("new");
        expected["new"] = 0;
        var (generation, hash) = Newest();

        // What a kill leaves after the copy was renamed and before the manifest was.
        Put(Folder.Manifest, before);
        using (var index = LocalIndex.Open(Folder.Index))
        {
            Assert.Equal(generation, index.Generation);
            Assert.Empty(index.Verify(Cancellation).Faults);
            IndexAssert.Holds(index, expected);
        }

        Assert.Equal((generation, hash), Newest());
        Put(Folder.Manifest, [.. before.Skip(1)]);
        Assert.Equal((generation, hash), Newest());
        Put(Folder.Manifest, before);

        using (var writer = Writer())
        {
            Assert.Equal((generation, expected.Count), (writer.Generation, (int)writer.Count));
        }

        Assert.Equal(await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        Assert.Equal((generation, hash), Newest());
    }

    [Fact]
    public async Task A_commit_killed_before_its_first_file_never_was_one()
    {
        var expected = await FillAsync("later");
        var (generation, hash) = Newest();
        var (main, copy) = (await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        await File.WriteAllBytesAsync(Folder.ManifestCopy + ".next", await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation), Cancellation);
        Put(Folder.Manifest, main);
        Put(Folder.ManifestCopy, copy);

        Assert.Equal((generation, hash), Newest());
        using (var writer = Writer())
        {
            Assert.Null(writer.Find("new"));
            Assert.Equal(expected.Count, writer.Count);
        }

        await CommitAsync("other");
        expected["other"] = 0;
        using var index = LocalIndex.Open(Folder.Index);
        Assert.Equal(generation + 1, index.Generation);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(Cancellation).Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_file_and_rows_sealed_behind_the_other_are_read_around_and_not_cut_off(bool mainDamaged)
    {
        var expected = await FillAsync("later");
        var (main, copy) = (await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        Put(Folder.Manifest, mainDamaged ? [.. main.Skip(9)] : main);
        Put(Folder.ManifestCopy, mainDamaged ? copy : null);
        var before = Contents();

        // It may be a commit that a kill cut short, or one of which both files were lost.
        using (var index = LocalIndex.Open(Folder.Index))
        {
            IndexAssert.Holds(index, expected);
        }

        var error = Assert.Throws<ManifestLostException>(Writer);
        Assert.Contains("a later commit is sealed", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }
}
