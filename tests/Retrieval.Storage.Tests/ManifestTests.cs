using System.Security.Cryptography;
using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.Tests;

/// <summary>One file of the manifest lost or damaged costs nothing; both, and nothing is touched until a repair.</summary>
[Trait("Promise", "15")]
public sealed class ManifestTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>States of an index: made and never written, with its first rows, later, compacted.</summary>
    public static TheoryData<string> States => ["created", "first rows", "later", "compacted", "written after a compaction"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(States))]
    public async Task Any_damage_to_one_file_is_named_by_a_check_costs_readers_nothing_and_is_mended_by_the_next_writer(string state)
    {
        var expected = await FillAsync(state);
        var (generation, hash) = Newest();
        foreach (var file in new[] { _folder.Manifest, _folder.ManifestCopy })
        {
            var whole = await File.ReadAllBytesAsync(file, Cancellation);
            foreach (var damaged in Damages(whole))
            {
                Put(file, damaged);
                using (var index = LocalIndex.Open(_folder.Index))
                {
                    Assert.Equal((generation, expected.Count), (index.Generation, (int)index.Images.Count));
                    Assert.Equal(Path.GetFileName(file), Assert.Single(index.ManifestFaults).File);
                }
            }

            using (var index = LocalIndex.Open(_folder.Index))
            {
                var fault = Assert.Single(index.Verify(Cancellation).Faults);
                Assert.Equal(Path.GetFileName(file), fault.File);
                Assert.Contains("index repair", fault.Reason, StringComparison.Ordinal);
                IndexAssert.Holds(index, expected);
            }

            using (var writer = Writer())
            {
                Assert.Equal(generation, writer.Generation);
                Assert.Equal(Path.GetFileName(file), Assert.Single(writer.ManifestFaults).File);
            }

            Assert.Equal(whole, await File.ReadAllBytesAsync(file, Cancellation));
            Assert.Equal((generation, hash), Newest());
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task With_both_files_lost_nobody_reads_nobody_writes_and_nothing_is_touched(string state)
    {
        await FillAsync(state);
        var (main, copy) = (await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        foreach (var (first, second) in Damages(main).Zip(Damages(copy).Reverse()))
        {
            if (state == "created" && first is null && second is null)
            {
                // Neither a manifest nor a row: nothing was lost.
                continue;
            }

            Put(_folder.Manifest, first);
            Put(_folder.ManifestCopy, second);
            var before = Contents();

            Assert.Contains("retrieval index repair", Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index)).Message, StringComparison.Ordinal);
            Assert.Throws<ManifestLostException>(() => LocalIndex.ReadNewest(_folder.Index));
            Assert.Throws<ManifestLostException>(Writer);
            await Assert.ThrowsAsync<ManifestLostException>(() => LocalIndexCompactor.CompactAsync(_folder.Index, Cancellation));
            Assert.Null(LocalIndex.TryReadGeneration(_folder.Index));
            Assert.Equal(before, Contents());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_the_files_say_by_chance_readers_never_go_back_and_writers_never_delete(int seed)
    {
        var random = new Random(seed);
        var expected = await FillAsync("later");
        var (generation, hash) = Newest();
        var files = new[] { _folder.Manifest, _folder.ManifestCopy };
        var whole = await File.ReadAllBytesAsync(_folder.Manifest, Cancellation);
        var data = Contents("data-");
        for (var round = 0; round < 300; round++)
        {
            foreach (var file in files)
            {
                Put(file, random.Next(3) == 0 ? whole : Damage(whole, random));
            }

            try
            {
                using var writer = Writer();
                Assert.Equal((generation, expected.Count), (writer.Generation, (int)writer.Count));
            }
            catch (ManifestLostException)
            {
            }

            Assert.Equal(data, Contents("data-"));
        }

        Array.ForEach(files, file => Put(file, whole));
        Assert.Equal((generation, hash), Newest());
    }

    [Fact]
    public async Task A_commit_killed_between_its_two_files_is_one_that_came_to_its_end()
    {
        var expected = await FillAsync("later");
        var before = await File.ReadAllBytesAsync(_folder.Manifest, Cancellation);
        await CommitAsync("new");
        expected["new"] = 0;
        var (generation, hash) = Newest();

        // What a kill leaves after the copy was renamed and before the manifest was.
        Put(_folder.Manifest, before);
        using (var index = LocalIndex.Open(_folder.Index))
        {
            Assert.Equal(generation, index.Generation);
            Assert.Empty(index.Verify(Cancellation).Faults);
            IndexAssert.Holds(index, expected);
        }

        Assert.Equal((generation, hash), Newest());
        Put(_folder.Manifest, [.. before.Skip(1)]);
        Assert.Equal((generation, hash), Newest());
        Put(_folder.Manifest, before);

        using (var writer = Writer())
        {
            Assert.Equal((generation, expected.Count), (writer.Generation, (int)writer.Count));
        }

        Assert.Equal(await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        Assert.Equal((generation, hash), Newest());
    }

    [Fact]
    public async Task A_commit_killed_before_its_first_file_never_was_one()
    {
        var expected = await FillAsync("later");
        var (generation, hash) = Newest();
        var (main, copy) = (await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        await File.WriteAllBytesAsync(_folder.ManifestCopy + ".next", await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation), Cancellation);
        Put(_folder.Manifest, main);
        Put(_folder.ManifestCopy, copy);

        Assert.Equal((generation, hash), Newest());
        using (var writer = Writer())
        {
            Assert.Null(writer.Find("new"));
            Assert.Equal(expected.Count, writer.Count);
        }

        await CommitAsync("other");
        expected["other"] = 0;
        using var index = LocalIndex.Open(_folder.Index);
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
        var (main, copy) = (await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        Put(_folder.Manifest, mainDamaged ? [.. main.Skip(9)] : main);
        Put(_folder.ManifestCopy, mainDamaged ? copy : null);
        var before = Contents();

        // It may be a commit that a kill cut short, or one of which both files were lost.
        using (var index = LocalIndex.Open(_folder.Index))
        {
            IndexAssert.Holds(index, expected);
        }

        var error = Assert.Throws<ManifestLostException>(Writer);
        Assert.Contains("a commit is sealed behind it", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_copy_that_is_older_than_what_was_committed_is_not_opened_in_the_place_of_a_lost_manifest()
    {
        await FillAsync("later");
        var copy = await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation);
        await CommitAsync("new", "newer");
        Put(_folder.Manifest, null);
        Put(_folder.ManifestCopy, copy);

        var error = Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index));
        Assert.Contains("2 commits are sealed behind it", error.Message, StringComparison.Ordinal);
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task A_stale_copy_never_wins_over_a_newer_manifest()
    {
        var expected = await FillAsync("later");
        var copy = await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation);
        await CommitAsync("new", "newer");
        (expected["new"], expected["newer"]) = (0, 0);
        var (generation, hash) = Newest();
        Put(_folder.ManifestCopy, copy);

        using (var index = LocalIndex.Open(_folder.Index))
        {
            IndexAssert.Holds(index, expected);
            Assert.Contains("it is of generation", Assert.Single(index.Verify(Cancellation).Faults).Reason, StringComparison.Ordinal);
        }

        Writer().Dispose();
        Assert.Equal((generation, hash), Newest());
        Assert.Empty(Faults());
    }

    [Fact]
    public async Task A_newer_copy_that_does_not_fit_the_data_is_not_opened_and_costs_the_manifest_nothing()
    {
        await FillAsync("first rows");
        var (main, data) = (await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), Path.Combine(_folder.Path, "data"));
        CopyFolder(_folder.Data(""), data);
        await CommitAsync("new", "newer");

        // An older state put back over a newer one, by somebody who knows of one manifest only.
        Directory.Delete(_folder.Data(""), recursive: true);
        CopyFolder(data, _folder.Data(""));
        Put(_folder.Manifest, main);
        var before = Contents();

        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index));
        Assert.Throws<ManifestLostException>(Writer);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task An_index_of_an_earlier_version_opens_and_gets_its_copy_with_the_first_writer()
    {
        var expected = await FillAsync("later");
        var former = await AsEarlierVersionAsync();
        var (generation, hash) = Newest();
        Assert.Empty(Faults());

        Writer().Dispose();
        Assert.Equal((generation, hash), Newest());
        Assert.Equal(await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        Assert.Equal(former, await File.ReadAllBytesAsync(_folder.FormerManifest, Cancellation));

        await CommitAsync("new");
        expected["new"] = 0;
        Assert.False(File.Exists(_folder.FormerManifest));
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(Cancellation).Faults);
    }

    [Fact]
    public async Task An_index_of_an_earlier_version_is_not_taken_back_to_the_generation_before()
    {
        await FillAsync("later");
        await AsEarlierVersionAsync();
        Put(_folder.Manifest, null);
        var before = Contents();

        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index));
        Assert.Throws<ManifestLostException>(Writer);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task What_an_earlier_version_committed_since_the_copy_is_not_given_up()
    {
        await FillAsync("later");
        var (main, copy) = (await File.ReadAllBytesAsync(_folder.Manifest, Cancellation), await File.ReadAllBytesAsync(_folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        var (generation, hash) = Newest();
        Put(_folder.ManifestCopy, copy);
        Put(_folder.FormerManifest, main);

        Assert.Equal((generation, hash), Newest());
        Put(_folder.Manifest, null);
        Assert.Contains("earlier version", Assert.Throws<ManifestLostException>(() => LocalIndex.Open(_folder.Index)).Message, StringComparison.Ordinal);
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task The_folder_an_earlier_version_compacted_from_is_removed_with_the_next_commit()
    {
        await FillAsync("later");
        var former = await File.ReadAllBytesAsync(_folder.Manifest, Cancellation);
        using (var writer = Writer())
        {
            await writer.CompactAsync(Cancellation);
        }

        IndexManifest manifest;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            manifest = index.Manifest with { Superseded = null };
        }

        ManifestFile.Replace(_folder.Index, manifest);
        File.Delete(_folder.ManifestCopy);
        Put(_folder.FormerManifest, former);

        await CommitAsync("new");

        Assert.False(Directory.Exists(_folder.Data("")));
        Assert.Empty(Faults());
    }

    [Fact]
    public async Task A_manifest_of_a_later_format_is_refused_and_not_taken_for_torn()
    {
        await FillAsync("later");
        using (var index = LocalIndex.Open(_folder.Index))
        {
            ManifestFile.Replace(_folder.Index, index.Manifest with { Format = "retrieval-index/9" });
        }

        var error = Assert.Throws<IndexMismatchException>(() => LocalIndex.Open(_folder.Index));
        Assert.Equal("retrieval-index/9", error.Found);
        Assert.Throws<IndexMismatchException>(Writer);
    }

    [Fact]
    public async Task The_manifest_does_not_grow_with_rows_commits_or_tombstones()
    {
        await CommitAsync("a");
        var before = new FileInfo(_folder.Manifest).Length;
        using (var writer = Writer())
        {
            for (var i = 0; i < 60; i++)
            {
                writer.Append(SampleCorpus.Batch("a", i));
                await writer.CommitAsync(cancellation: Cancellation);
            }
        }

        // A few digits more.
        Assert.InRange(new FileInfo(_folder.Manifest).Length, before, before + 64);
    }

    [Fact]
    public async Task What_a_lost_manifest_is_rebuilt_from_is_checked_too()
    {
        await FillAsync("later");
        await File.WriteAllTextAsync(_folder.Data(DataOrigin.FileName), "torn", Cancellation);

        Assert.Equal("data-1/origin.json", Assert.Single(Faults()));
        Writer().Dispose();
        Assert.Empty(Faults());
    }

    private async Task<Dictionary<string, int>> FillAsync(string state)
    {
        var expected = new Dictionary<string, int>();
        using var writer = Writer();
        if (state == "created")
        {
            return expected;
        }

        await CommitAsync(writer, expected, 0, "a", "b", "c");
        if (state == "first rows")
        {
            return expected;
        }

        await CommitAsync(writer, expected, 1, "b", "d");
        writer.Delete("a");
        expected.Remove("a");
        await CommitAsync(writer, expected, 2, "e");
        if (state == "later")
        {
            return expected;
        }

        await writer.CompactAsync(Cancellation);
        if (state == "written after a compaction")
        {
            await CommitAsync(writer, expected, 3, "f");
        }

        return expected;
    }

    private static async Task CommitAsync(LocalIndexWriter writer, Dictionary<string, int> expected, int version, params string[] ids)
    {
        writer.Append(SampleCorpus.Batch(ids.Select(id => (id, version))));
        Array.ForEach(ids, id => expected[id] = version);
        await writer.CommitAsync([new LedgerEntry("one", $"{version}", version, 0, 0, 0, 0, false)], Cancellation);
    }

    /// <summary>Commits images, each by itself.</summary>
    private async Task CommitAsync(params string[] ids)
    {
        using var writer = Writer();
        foreach (var id in ids)
        {
            writer.Append(SampleCorpus.Batch(id));
            await writer.CommitAsync(cancellation: Cancellation);
        }
    }

    // As commit f83b5f1 left it: the manifest before, no copy and no origin.
    private async Task<byte[]> AsEarlierVersionAsync()
    {
        var former = await File.ReadAllBytesAsync(_folder.Manifest, Cancellation);
        await CommitAsync("of the earlier version");
        using (var writer = Writer())
        {
            writer.Delete("of the earlier version");
            await writer.CommitAsync(cancellation: Cancellation);
        }

        File.Delete(_folder.ManifestCopy);
        File.Delete(_folder.Data(DataOrigin.FileName));
        Put(_folder.FormerManifest, former);
        return former;
    }

    private (long Generation, string Hash) Newest()
    {
        using var index = LocalIndex.Open(_folder.Index);
        return (index.Generation, index.ContentHash(Cancellation));
    }

    private IEnumerable<string> Faults()
    {
        using var index = LocalIndex.Open(_folder.Index);
        return [.. index.Verify(Cancellation).Faults.Select(fault => fault.File)];
    }

    // Null stands for a file that is gone.
    private static IEnumerable<byte[]?> Damages(byte[] whole)
    {
        yield return null;
        yield return new byte[whole.Length];
        for (var cut = 0; cut < whole.Length; cut += 97)
        {
            yield return whole[..cut];
        }

        var random = new Random(5);
        for (var bit = 0; bit < 60; bit++)
        {
            var flipped = (byte[])whole.Clone();
            flipped[bit * whole.Length / 60] ^= (byte)(1 << random.Next(8));
            yield return flipped;
        }

        yield return whole[..^1];
    }

    private static byte[]? Damage(byte[] whole, Random random)
    {
        var damages = Damages(whole).ToList();
        return damages[random.Next(damages.Count)];
    }

    private static void Put(string file, byte[]? bytes)
    {
        File.Delete(file);
        if (bytes is not null)
        {
            File.WriteAllBytes(file, bytes);
        }
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

    /// <summary>Every file with a hash of its bytes.</summary>
    private List<string> Contents(string prefix = "") =>
        [.. Directory.GetFiles(_folder.Index, "*", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(_folder.Index, file), Bytes: File.ReadAllBytes(file)))
            .Where(file => file.Name != "lock" && file.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(file => $"{file.Name} {Convert.ToHexString(SHA256.HashData(file.Bytes))}")
            .Order(StringComparer.Ordinal)];

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
