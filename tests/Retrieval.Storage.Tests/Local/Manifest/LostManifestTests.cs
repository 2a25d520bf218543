using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.Tests.Local.Manifest;

/// <summary>One file of the manifest lost or damaged costs nothing; both, and nothing is touched until a repair.</summary>
[Trait("Promise", "15")]
public sealed class LostManifestTests : WrittenIndexTests
{
    /// <summary>States of an index: made and never written, with its first rows, later, compacted.</summary>
    public static TheoryData<string> States => ["created", "first rows", "later", "compacted", "written after a compaction"];

    [Theory]
    [MemberData(nameof(States))]
    public async Task Any_damage_to_one_file_is_named_by_a_check_costs_readers_nothing_and_is_mended_by_the_next_writer(string state)
    {
        var expected = await FillAsync(state);
        var (generation, hash) = Newest();
        foreach (var file in new[] { Folder.Manifest, Folder.ManifestCopy })
        {
            var whole = await File.ReadAllBytesAsync(file, Cancellation);
            foreach (var damaged in Damages(whole))
            {
                Put(file, damaged);
                using (var index = LocalIndex.Open(Folder.Index))
                {
                    Assert.Equal((generation, expected.Count), (index.Generation, (int)index.Images.Count));
                    Assert.Equal(Path.GetFileName(file), Assert.Single(index.ManifestFaults).File);
                }
            }

            using (var index = LocalIndex.Open(Folder.Index))
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
        var (main, copy) = (await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        foreach (var (first, second) in Damages(main).Zip(Damages(copy).Reverse()))
        {
            if (state == "created" && first is null && second is null)
            {
                // Neither a manifest nor a row: nothing was lost.
                continue;
            }

            Put(Folder.Manifest, first);
            Put(Folder.ManifestCopy, second);
            var before = Contents();

            Assert.Contains("retrieval index repair", Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index)).Message, StringComparison.Ordinal);
            Assert.Throws<ManifestLostException>(() => LocalIndex.ReadNewest(Folder.Index));
            Assert.Throws<ManifestLostException>(Writer);
            await Assert.ThrowsAsync<ManifestLostException>(() => LocalIndexCompactor.CompactAsync(Folder.Index, Cancellation));
            Assert.Null(LocalIndex.TryReadGeneration(Folder.Index));
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
        var files = new[] { Folder.Manifest, Folder.ManifestCopy };
        var whole = await File.ReadAllBytesAsync(Folder.Manifest, Cancellation);
        var data = Contents("data-");
        var (opened, lost) = (0, 0);
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
                opened++;
            }
            catch (ManifestLostException)
            {
                lost++;
            }

            Assert.Equal(data, Contents("data-"));
        }

        Assert.True(opened > 0 && lost > 0, $"{opened} were opened and {lost} were lost");
        Array.ForEach(files, file => Put(file, whole));
        Assert.Equal((generation, hash), Newest());
    }

    [Fact]
    public async Task What_a_lost_manifest_is_rebuilt_from_is_checked_too()
    {
        await FillAsync("later");
        await File.WriteAllTextAsync(Folder.Data(DataOrigin.FileName), "torn", Cancellation);

        Assert.Equal("data-1/origin.json", Assert.Single(Faults()));
        Writer().Dispose();
        Assert.Empty(Faults());
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
}
