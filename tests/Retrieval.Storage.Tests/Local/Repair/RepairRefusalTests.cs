using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Repair;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Repair;

/// <summary>What a repair cannot bring back it says, and changes nothing.</summary>
[Trait("Promise", "15")]
public sealed class RepairRefusalTests : WrittenIndexTests
{
    [Fact]
    public async Task Damaged_data_are_named_by_file_and_row_and_nothing_is_changed()
    {
        await FillAsync();
        var field = Folder.Data("images/record/v.f32");
        var bytes = await File.ReadAllBytesAsync(field, Cancellation);
        bytes[^5] ^= 4;
        await File.WriteAllBytesAsync(field, bytes, Cancellation);
        foreach (var loss in new[] { "none", "copy gone", "gone" })
        {
            await LoseAsync(loss);
            var before = Contents();
            var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

            Assert.False(report.Ok);
            var fault = Assert.Single(report.Damaged);
            Assert.Equal(("images/record/v.f32", (bytes.Length / 48L) - 1), (fault.File, fault.LastRow));
            Assert.Empty(report.Done);
            Assert.Equal(before, Contents());
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(56 * 30, false)]
    [InlineData(56 * 5, true)]
    public async Task Checksums_that_are_damaged_too_give_up_nothing_silently(int at, bool wholly)
    {
        await FillAsync();
        var seals = Folder.Data(SealLog.FileName);
        var bytes = await File.ReadAllBytesAsync(seals, Cancellation);
        Array.Fill(bytes, (byte)0xff, at, wholly ? bytes.Length - at : 20);
        await File.WriteAllBytesAsync(seals, bytes, Cancellation);
        await LoseAsync("gone");
        var before = Contents();

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

        Assert.False(report.Ok, string.Join("; ", report.Found));
        Assert.NotEmpty(report.Found);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_list_of_checksums_that_is_gone_cannot_be_rebuilt_and_that_is_said()
    {
        await FillAsync();
        await LoseAsync("gone");
        File.Delete(Folder.Data(SealLog.FileName));

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

        Assert.False(report.Ok);
        Assert.Contains(report.Found, line => line.Contains("no checksum", StringComparison.Ordinal));
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task Another_bundle_than_the_index_was_made_with_is_refused()
    {
        await FillAsync();
        await LoseAsync("gone");
        var before = Contents();

        Assert.Throws<IndexMismatchException>(() => LocalIndexRepair.Run(Folder.Index, SampleCorpus.Schema with { Fingerprint = new string('b', 64) }, cancellation: Cancellation));
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_folder_without_an_index_and_one_that_is_being_written_are_refused()
    {
        Assert.Throws<IndexMissingException>(() => LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation));
        Directory.CreateDirectory(Folder.Index);
        Assert.Throws<IndexMissingException>(() => LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Index));
        await FillAsync();
        using var writer = Writer();
        Assert.Throws<IndexLockedException>(() => LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation));
    }
}
