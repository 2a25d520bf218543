using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Writing;

[Trait("Promise", "13")]
public sealed class FullDiskTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_cannot_be_written_is_not_said_to_be_at_a_generation()
    {
        using var folder = new IndexFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "lock"));

        var error = Assert.Throws<IndexWriteException>(() => LocalIndexWriter.OpenOrCreate(folder.Path, SampleCorpus.Schema));

        Assert.DoesNotContain("generation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task On_a_full_disk_the_index_stays_at_its_last_commit_and_goes_on_once_there_is_room() =>
        OnSmallDiskAsync("6m", disk => FillUpAsync(Path.Combine(disk, "index"), disk));

    [Fact]
    public Task A_compaction_without_room_fails_and_its_writer_goes_on() => OnSmallDiskAsync("6m", async disk =>
    {
        var index = Path.Combine(disk, "index");
        var expected = Enumerable.Range(0, 2500).ToDictionary(i => $"{i}", i => i);
        using var writer = LocalIndexWriter.OpenOrCreate(index, SampleCorpus.Schema);
        writer.Append(SampleCorpus.Batch(expected.Select(pair => (pair.Key, pair.Value))));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        // What is left takes a part of the copy and not the whole.
        var ballast = FillDisk(disk);
        ballast.SetLength(ballast.Length - (256 << 10));
        ballast.Dispose();

        var error = await Assert.ThrowsAsync<IndexWriteException>(() => writer.CompactAsync(TestContext.Current.CancellationToken));

        Assert.True(error.DiskFull);
        Assert.False(Directory.Exists(Path.Combine(index, "data-2")));
        writer.Append(SampleCorpus.Batch("after"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        expected["after"] = 0;
        Holds(index, expected);
    });

    [Fact]
    public Task An_index_that_cannot_be_created_for_lack_of_room_says_so() => OnSmallDiskAsync("64k", async disk =>
    {
        FillDisk(disk).Dispose();
        Assert.True(Assert.Throws<IndexWriteException>(() => LocalIndexWriter.OpenOrCreate(Path.Combine(disk, "index"), SampleCorpus.Schema)).DiskFull);
        File.Delete(Path.Combine(disk, "ballast"));
        LocalIndexWriter.OpenOrCreate(Path.Combine(disk, "index"), SampleCorpus.Schema).Dispose();
    });

    [Fact]
    public async Task At_a_limit_on_file_size_the_writer_says_so_and_the_index_stays_at_its_last_commit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits on file size are set through bash");
        using var host = HostProcess.StartWithFileLimit(256, "fill", _folder.Index);
        var output = await host.ReadToEndAsync();

        Assert.Equal(3, host.ExitCode);
        Assert.Contains("IndexWriteException", output, StringComparison.Ordinal);
        Assert.Contains("the disk is full", output, StringComparison.Ordinal);
        using (var index = LocalIndex.Open(_folder.Index))
        {
            Assert.Contains($"committed {index.Generation}\n", output, StringComparison.Ordinal);
            Assert.DoesNotContain($"committed {index.Generation + 1}\n", output, StringComparison.Ordinal);
            Assert.Equal((index.Generation - 1) * 200, index.Images.Count);
            Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
        }

        using var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
        writer.Append(SampleCorpus.Batch("after"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
    }

    private static FileStream FillDisk(string disk)
    {
        var ballast = new FileStream(Path.Combine(disk, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (; ; )
            {
                ballast.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            return ballast;
        }
    }

    private async Task OnSmallDiskAsync(string size, Func<string, Task> test)
    {
        var disk = Directory.CreateDirectory(Path.Combine(_folder.Path, "disk")).FullName;
        await SmallDisk.RunAsync(disk, size, () => test(disk));
    }

    private static async Task FillUpAsync(string path, string disk)
    {
        var ballast = Path.Combine(disk, "ballast");
        var expected = new Dictionary<string, int>();
        await File.WriteAllBytesAsync(ballast, new byte[4 << 20], TestContext.Current.CancellationToken);
        using (var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema))
        {
            var pending = new Dictionary<string, int>();
            var error = await Assert.ThrowsAsync<IndexWriteException>(async () =>
            {
                for (var batch = 0; ; batch++)
                {
                    pending = Enumerable.Range(0, 100).ToDictionary(i => $"{batch}-{i}", i => i);
                    writer.Append(SampleCorpus.Batch(pending.Select(pair => (pair.Key, pair.Value))));
                    await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
                    foreach (var (id, version) in pending)
                    {
                        expected[id] = version;
                    }
                }
            });

            Assert.True(error.DiskFull);
            Assert.True(expected.Count > 0);
            Assert.Equal(writer.Generation, error.Generation);
            Assert.Throws<IndexWriteException>(() => writer.Append(SampleCorpus.Batch("again")));
            await Assert.ThrowsAsync<IndexWriteException>(() => writer.CommitAsync(cancellation: TestContext.Current.CancellationToken));
            Holds(path, expected);
        }

        File.Delete(ballast);
        using (var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch("after"));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        expected["after"] = 0;
        Holds(path, expected);
    }

    private static void Holds(string path, Dictionary<string, int> expected)
    {
        using var index = LocalIndex.Open(path);
        IndexAssert.Holds(index, expected);
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
    }
}
