using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Repair;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Storage.Tests.Local.Repair;

/// <summary>What a repair makes of commits that nobody finished, or of which the manifest is lost.</summary>
[Trait("Promise", "15")]
public sealed class RepairOfCommitsTests : WrittenIndexTests
{
    [Fact]
    public async Task A_commit_of_which_both_files_are_lost_comes_back_behind_an_older_copy()
    {
        var expected = await FillAsync();
        var copy = await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation);
        var former = LocalIndex.TryReadGeneration(Folder.Index);
        using (var writer = Writer())
        {
            await CommitAsync(writer, expected, 7, "new", "e");
            await CommitAsync(writer, expected, 8, "newer");
        }

        var (generation, hash) = Newest();
        File.Delete(Folder.Manifest);
        await File.WriteAllBytesAsync(Folder.ManifestCopy, copy, Cancellation);

        var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal(hash, Newest().Hash);
        Assert.True(report.Generation > generation);

        // Progress is that of the older manifest: never ahead of the rows.
        Assert.Contains(report.Found, line => line.Contains($"generation {former}", StringComparison.Ordinal));
        using var index = LocalIndex.Open(Folder.Index);
        Assert.Equal("2", Assert.Single(index.Ledger).SourceStamp);
        IndexAssert.Holds(index, expected);
    }

    [Fact]
    public async Task A_commit_that_a_kill_cut_short_is_no_part_of_what_comes_back_and_its_bytes_are_set_aside()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        long sealedBytes;
        using (var index = LocalIndex.Open(Folder.Index))
        {
            sealedBytes = index.Manifest.Seals.Count * Seal.Bytes;
        }

        using (var writer = Writer())
        {
            // Replaces an image: its row is sealed before what buries the old one.
            await CommitAsync(writer, expected: [], 9, "e");
        }

        var seals = Folder.Data(SealLog.FileName);
        var whole = await File.ReadAllBytesAsync(seals, Cancellation);
        for (var length = sealedBytes; length < whole.Length; length += Seal.Bytes / 2)
        {
            await LoseAsync("gone");
            await File.WriteAllBytesAsync(seals, whole[..(int)length], Cancellation);
            var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);

            Assert.True(report.Ok, $"{length}: {string.Join("; ", report.Found)}; {string.Join("; ", report.Damaged)}");
            Assert.Equal(hash, report.ContentHash);
            Assert.Contains(report.Done, done => done.Contains("bytes of data-1/images/id.utf8", StringComparison.Ordinal));
            IndexAssert.Holds(LocalIndex.Open(Folder.Index), expected);
        }
    }

    [Fact]
    public async Task After_any_kill_of_a_writer_and_the_loss_of_both_files_no_commit_is_lost()
    {
        var random = new Random(31);
        var rows = 0;
        for (var kill = 0; kill < 6; kill++)
        {
            using (var host = HostProcess.Start("ingest", Folder.Index, "1000000", $"{random.Next(3, 60)}"))
            {
                for (var lines = random.Next(3, 12); lines > 0; lines--)
                {
                    if (await host.ReadLineAsync() is { } line && line.StartsWith("committed ", StringComparison.Ordinal))
                    {
                        rows = int.Parse(line["committed ".Length..], System.Globalization.CultureInfo.InvariantCulture);
                    }
                }

                await host.KillAsync();
            }

            var expected = LocalIndex.TryReadGeneration(Folder.Index) is null ? null : Newest().Hash;
            var next = 0L;
            using (var index = LocalIndex.Open(Folder.Index))
            {
                next = index.Ledger.Single().NextRow;
            }

            Assert.True(next >= rows);
            await LoseAsync(kill % 2 == 0 ? "gone" : "cut");
            var report = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
            Assert.True(report.Ok, string.Join("; ", report.Found));

            // All of it; and of a commit that was sealed and not finished, all or nothing.
            using (var index = LocalIndex.Open(Folder.Index))
            {
                Assert.Empty(index.Verify(Cancellation).Faults);
                if (report.ContentHash != expected)
                {
                    Assert.True(index.Images.Slots > 0);
                    TestContext.Current.TestOutputHelper?.WriteLine($"kill {kill}: a sealed commit came back too");
                }
            }

            Directory.Delete(Folder.Index, recursive: true);
        }
    }
}
