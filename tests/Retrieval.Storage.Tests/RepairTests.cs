using System.Security.Cryptography;
using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Repair;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.Tests;

/// <summary>A repair brings back every committed image whose data are as they were sealed, and deletes nothing.</summary>
[Trait("Promise", "15")]
public sealed class RepairTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Ways to lose both files of the manifest.</summary>
    public static TheoryData<string> Losses => ["gone", "cut", "zeroed", "one bit flipped", "gone and cut"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task With_both_files_lost_the_whole_index_comes_back(string loss)
    {
        var expected = await FillAsync();
        var (generation, hash) = Newest();
        await LoseAsync(loss);
        var before = Contents();

        var dry = LocalIndexRepair.Run(_folder.Index, dryRun: true, cancellation: Cancellation);
        Assert.True(dry.Ok);
        Assert.Equal((hash, before.Count), (dry.ContentHash, Contents().Count));
        Assert.Equal(before, Contents());

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal((hash, dry.Generation), (report.ContentHash, report.Generation));
        Assert.Equal((hash, expected.Count), (Newest().Hash, (int)report.Images));
        Assert.True(report.Generation > generation - 2, "the number was seen before");
        Assert.All(report.Done, done => Assert.Contains(done, dry.Done));
        using (var index = LocalIndex.Open(_folder.Index))
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
        using var after = LocalIndex.Open(_folder.Index);
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

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal(hash, Newest().Hash);
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(Cancellation).Faults);
    }

    [Fact]
    public async Task With_one_file_damaged_both_are_whole_again_and_the_generation_is_the_same()
    {
        await FillAsync();
        var newest = Newest();
        foreach (var file in new[] { _folder.Manifest, _folder.ManifestCopy })
        {
            await File.WriteAllTextAsync(file, "torn", Cancellation);
            var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

            Assert.True(report.Ok);
            Assert.Equal(newest, (report.Generation!.Value, report.ContentHash!));
            Assert.Equal(newest, Newest());
            Assert.Equal(await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
            Assert.Contains("torn", Directory.GetFiles(_folder.Index, "*", SearchOption.AllDirectories).Where(name => name.Contains("set-aside-", StringComparison.Ordinal)).Select(File.ReadAllText));
        }

        Assert.Empty(LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation).Done);
    }

    [Fact]
    public async Task A_commit_of_which_both_files_are_lost_comes_back_behind_an_older_copy()
    {
        var expected = await FillAsync();
        var copy = await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation);
        var former = LocalIndex.TryReadGeneration(_folder.Index);
        using (var writer = Writer())
        {
            await CommitAsync(writer, expected, 7, "new", "e");
            await CommitAsync(writer, expected, 8, "newer");
        }

        var (generation, hash) = Newest();
        File.Delete(_folder.Manifest);
        await File.WriteAllBytesAsync(_folder.ManifestCopy, copy, Cancellation);

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.True(report.Ok, string.Join("; ", report.Found));
        Assert.Equal(hash, Newest().Hash);
        Assert.True(report.Generation > generation);

        // Progress is that of the older manifest: never ahead of the rows.
        Assert.Contains(report.Found, line => line.Contains($"generation {former}", StringComparison.Ordinal));
        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal("2", Assert.Single(index.Ledger).SourceStamp);
        IndexAssert.Holds(index, expected);
    }

    [Fact]
    public async Task A_commit_that_a_kill_cut_short_is_no_part_of_what_comes_back_and_its_bytes_are_set_aside()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        long sealedBytes;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            sealedBytes = index.Manifest.Seals.Count * Seal.Bytes;
        }

        using (var writer = Writer())
        {
            // Replaces an image: its row is sealed before what buries the old one.
            await CommitAsync(writer, expected: [], 9, "e");
        }

        var seals = _folder.Data(SealLog.FileName);
        var whole = await File.ReadAllBytesAsync(seals, Cancellation);
        for (var length = sealedBytes; length < whole.Length; length += Seal.Bytes / 2)
        {
            await LoseAsync("gone");
            await File.WriteAllBytesAsync(seals, whole[..(int)length], Cancellation);
            var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

            Assert.True(report.Ok, $"{length}: {string.Join("; ", report.Found)}; {string.Join("; ", report.Damaged)}");
            Assert.Equal(hash, report.ContentHash);
            Assert.Contains(report.Done, done => done.Contains("bytes of data-1/images/id.utf8", StringComparison.Ordinal));
            IndexAssert.Holds(LocalIndex.Open(_folder.Index), expected);
        }
    }

    [Fact]
    public async Task Damaged_data_are_named_by_file_and_row_and_nothing_is_changed()
    {
        await FillAsync();
        var field = _folder.Data("images/record/v.f32");
        var bytes = await File.ReadAllBytesAsync(field, Cancellation);
        bytes[^5] ^= 4;
        await File.WriteAllBytesAsync(field, bytes, Cancellation);
        foreach (var loss in new[] { "none", "copy gone", "gone" })
        {
            await LoseAsync(loss);
            var before = Contents();
            var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

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
        var seals = _folder.Data(SealLog.FileName);
        var bytes = await File.ReadAllBytesAsync(seals, Cancellation);
        Array.Fill(bytes, (byte)0xff, at, wholly ? bytes.Length - at : 20);
        await File.WriteAllBytesAsync(seals, bytes, Cancellation);
        await LoseAsync("gone");
        var before = Contents();

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

        Assert.False(report.Ok, string.Join("; ", report.Found));
        Assert.NotEmpty(report.Found);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_list_of_checksums_that_is_gone_cannot_be_rebuilt_and_that_is_said()
    {
        await FillAsync();
        await LoseAsync("gone");
        File.Delete(_folder.Data(SealLog.FileName));

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

        Assert.False(report.Ok);
        Assert.Contains(report.Found, line => line.Contains("no checksum", StringComparison.Ordinal));
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task An_index_of_an_earlier_version_comes_back_by_its_former_manifest_or_by_its_bundle()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        var former = await File.ReadAllBytesAsync(_folder.Manifest, Cancellation);
        AsEarlierVersion();
        await File.WriteAllBytesAsync(_folder.FormerManifest, former, Cancellation);
        await LoseAsync("gone");
        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index));

        var byFormer = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.Equal((true, hash), (byFormer.Ok, byFormer.ContentHash));
        IndexAssert.Holds(LocalIndex.Open(_folder.Index), expected);

        await LoseAsync("gone");
        File.Delete(_folder.Data(DataOrigin.FileName));
        var without = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.False(without.Ok);
        Assert.Contains(without.Found, line => line.Contains("--bundle", StringComparison.Ordinal));

        var byBundle = LocalIndexRepair.Run(_folder.Index, SampleCorpus.Schema, cancellation: Cancellation);
        Assert.Equal((true, hash), (byBundle.Ok, byBundle.ContentHash));
        using var writer = Writer();
        Assert.Equal("unnamed source 1", writer.Find("e")!.Value.SourceKey);
    }

    [Fact]
    public async Task Another_bundle_than_the_index_was_made_with_is_refused()
    {
        await FillAsync();
        await LoseAsync("gone");
        var before = Contents();

        Assert.Throws<IndexMismatchException>(() => LocalIndexRepair.Run(_folder.Index, SampleCorpus.Schema with { Fingerprint = new string('b', 64) }, cancellation: Cancellation));
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task What_nothing_accounts_for_is_set_aside_and_a_folder_of_a_killed_compaction_is_not_taken_for_newer()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        CopyFolder(_folder.Data(""), _folder.Data("", epoch: 2));
        await File.WriteAllTextAsync(_folder.Data("unfinished", epoch: 2), "", Cancellation);
        Directory.CreateDirectory(_folder.Data("images", epoch: 3));
        await File.WriteAllTextAsync(_folder.Data("unfinished", epoch: 3), "", Cancellation);
        await File.WriteAllTextAsync(_folder.Data("images/embedding.f32", epoch: 3), "half", Cancellation);
        await LoseAsync("gone");

        var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);

        Assert.Equal((true, hash), (report.Ok, report.ContentHash));
        using (var index = LocalIndex.Open(_folder.Index))
        {
            Assert.Equal(1, index.SlotEpoch);
            IndexAssert.Holds(index, expected);
        }

        // With the index whole again, unknown folders only.
        Directory.CreateDirectory(_folder.Data("images", epoch: 9));
        await File.WriteAllTextAsync(_folder.Data("images/embedding.f32", epoch: 9), "somebody's", Cancellation);
        var again = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
        Assert.Contains("data-9", Assert.Single(again.Done), StringComparison.Ordinal);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(Directory.GetFiles(_folder.Index, "embedding.f32", SearchOption.AllDirectories).Single(file => file.Contains("data-9", StringComparison.Ordinal)), Cancellation));
    }

    [Fact]
    public async Task A_folder_without_an_index_and_one_that_is_being_written_are_refused()
    {
        Assert.Throws<IndexMissingException>(() => LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation));
        Directory.CreateDirectory(_folder.Index);
        Assert.Throws<IndexMissingException>(() => LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Index));
        await FillAsync();
        using var writer = Writer();
        Assert.Throws<IndexLockedException>(() => LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation));
    }

    [Fact]
    public async Task After_any_kill_of_a_writer_and_the_loss_of_both_files_no_commit_is_lost()
    {
        var random = new Random(31);
        var rows = 0;
        for (var kill = 0; kill < 6; kill++)
        {
            using (var host = HostProcess.Start("ingest", _folder.Index, "1000000", $"{random.Next(3, 60)}"))
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

            var expected = LocalIndex.TryReadGeneration(_folder.Index) is null ? null : Newest().Hash;
            var next = 0L;
            using (var index = LocalIndex.Open(_folder.Index))
            {
                next = index.Ledger.Single().NextRow;
            }

            Assert.True(next >= rows);
            await LoseAsync(kill % 2 == 0 ? "gone" : "cut");
            var report = LocalIndexRepair.Run(_folder.Index, cancellation: Cancellation);
            Assert.True(report.Ok, string.Join("; ", report.Found));

            // All of it; and of a commit that was sealed and not finished, all or nothing.
            using (var index = LocalIndex.Open(_folder.Index))
            {
                Assert.Empty(index.Verify(Cancellation).Faults);
                if (report.ContentHash != expected)
                {
                    Assert.True(index.Images.Slots > 0);
                    TestContext.Current.TestOutputHelper?.WriteLine($"kill {kill}: a sealed commit came back too");
                }
            }

            Directory.Delete(_folder.Index, recursive: true);
        }
    }

    private async Task<Dictionary<string, int>> FillAsync()
    {
        var expected = new Dictionary<string, int>();
        using var writer = Writer();
        await CommitAsync(writer, expected, 0, "a", "b", "c");
        await CommitAsync(writer, expected, 1, "b", "d");
        writer.Delete("a");
        expected.Remove("a");
        await CommitAsync(writer, expected, 2, "e");
        return expected;
    }

    private static async Task CommitAsync(LocalIndexWriter writer, Dictionary<string, int> expected, int version, params string[] ids)
    {
        var batch = SampleCorpus.Batch(ids.Select(id => (id, version)));
        writer.Append(new ImageRows { SourceKey = "one", Images = batch.Images, ImageFields = batch.ImageFields, CaptionFields = batch.CaptionFields });
        Array.ForEach(ids, id => expected[id] = version);
        await writer.CommitAsync([new LedgerEntry("one", $"{version}", version, 0, 0, 0, 0, false)], Cancellation);
    }

    private async Task LoseAsync(string loss)
    {
        foreach (var file in new[] { _folder.Manifest, _folder.ManifestCopy }.Where(File.Exists))
        {
            var whole = await File.ReadAllBytesAsync(file, Cancellation);
            switch (loss)
            {
                case "gone" or "gone and cut" when loss == "gone" || file == _folder.Manifest:
                case "copy gone" when file == _folder.ManifestCopy:
                    File.Delete(file);
                    break;
                case "cut" or "gone and cut":
                    await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)], Cancellation);
                    break;
                case "zeroed":
                    await File.WriteAllBytesAsync(file, new byte[whole.Length], Cancellation);
                    break;
                case "one bit flipped":
                    whole[whole.Length / 3] ^= 16;
                    await File.WriteAllBytesAsync(file, whole, Cancellation);
                    break;
                default:
                    break;
            }
        }
    }

    // As commit f83b5f1 left it: no copy, no origin, and no number of the commit in the records of seals.
    private void AsEarlierVersion()
    {
        File.Delete(_folder.ManifestCopy);
        File.Delete(_folder.Data(DataOrigin.FileName));
        var bytes = File.ReadAllBytes(_folder.Data(SealLog.FileName));
        for (var record = 0; record < bytes.Length / Seal.Bytes; record++)
        {
            bytes.AsSpan((record * Seal.Bytes) + 4, 4).Clear();
        }

        File.WriteAllBytes(_folder.Data(SealLog.FileName), bytes);
    }

    private (long Generation, string Hash) Newest()
    {
        using var index = LocalIndex.Open(_folder.Index);
        return (index.Generation, index.ContentHash(Cancellation));
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private List<string> Contents() =>
        [.. Directory.GetFiles(_folder.Index, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "lock")
            .Select(file => $"{Path.GetRelativePath(_folder.Index, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")
            .Order(StringComparer.Ordinal)];

    private static string Hash(string line) => line.Split(' ')[^1];

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
