using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Verification;

[Trait("Promise", "15")]
public sealed class DamagedFileTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public static TheoryData<string> Files { get; } = [.. new IndexLayout(SampleCorpus.Schema).Files.Select(file => file.Path)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_flipped_byte_is_found_with_its_file_and_range(string file)
    {
        await FillAsync();
        var random = new Random(file.Length);
        var path = _folder.Data(file);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Assert.NotEmpty(bytes);
        var at = random.Next(bytes.Length);
        using var index = LocalIndex.Open(_folder.Index);
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);

        bytes[at] ^= 0x10;
        await OverwriteAsync(path, bytes);

        var result = index.Verify(TestContext.Current.CancellationToken);
        var fault = Assert.Single(result.Faults);
        Assert.False(result.Ok);
        Assert.Equal(file, fault.File);
        Assert.InRange(at, fault.FromByte, fault.ToByte - 1);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_is_too_short_or_missing_is_refused_with_its_name_and_both_lengths(string file)
    {
        await FillAsync();
        var path = _folder.Data(file);
        var length = new FileInfo(path).Length;
        using (var stream = new FileStream(path, FileMode.Open))
        {
            stream.SetLength(length - 1);
        }

        foreach (var error in new[] { Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index)), Assert.Throws<IndexCorruptException>(Writer) })
        {
            Assert.Equal(file, error.File);
            Assert.Contains($"{length - 1} bytes", error.Message, StringComparison.Ordinal);
            Assert.Contains($"{length}", error.Message, StringComparison.Ordinal);
        }

        File.Delete(path);
        Assert.Equal(file, Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index)).File);
        Assert.Equal(file, Assert.Throws<IndexCorruptException>(Writer).File);
    }

    [Fact]
    public async Task An_edited_list_of_checksums_is_found_by_a_check_and_refused_by_a_writer()
    {
        await FillAsync();
        var bytes = await File.ReadAllBytesAsync(_folder.Data(SealLog.FileName), TestContext.Current.CancellationToken);
        bytes[40] ^= 1;
        await OverwriteAsync(_folder.Data(SealLog.FileName), bytes);

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal(SealLog.FileName, Assert.Single(index.Verify(TestContext.Current.CancellationToken).Faults).File);
        Assert.Throws<IndexCorruptException>(Writer);
    }

    [Fact]
    public async Task Damaged_ends_never_read_outside_their_file()
    {
        await FillAsync();
        var bytes = await File.ReadAllBytesAsync(_folder.Data("images/id.end.i64"), TestContext.Current.CancellationToken);
        bytes[7] = 0x7f;
        await OverwriteAsync(_folder.Data("images/id.end.i64"), bytes);

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Throws<IndexCorruptException>(() => index.GetImageId(0));
        Assert.Throws<IndexCorruptException>(() => index.GetImageId(1));
    }

    [Theory]
    [InlineData("captions/offset.i64")]
    [InlineData("captions/length.i64")]
    public async Task Any_damaged_extent_of_a_ragged_item_is_refused_when_the_index_is_opened(string file)
    {
        await FillAsync();
        var whole = await File.ReadAllBytesAsync(_folder.Data(file), TestContext.Current.CancellationToken);
        for (var at = 0; at < whole.Length; at++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[at] ^= (byte)(1 << (at % 8));
            await OverwriteAsync(_folder.Data(file), bytes);

            var error = Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index));
            Assert.StartsWith("captions/", error.File, StringComparison.Ordinal);
        }

        await OverwriteAsync(_folder.Data(file), whole);
        using var index = LocalIndex.Open(_folder.Index);
        Assert.True(index.Captions.Slots > 0);
    }

    public static TheoryData<string> Pointers { get; } =
        [.. new[] { "images/id.end.i64", "images/metadata.end.i64", "images/boxes.end.i64", "images/captions.end.i64", "captions/image.i64", "captions/text.end.i64" }];

    [Theory]
    [MemberData(nameof(Pointers))]
    public async Task A_number_that_points_anywhere_is_refused_where_it_is_read_and_never_followed(string file)
    {
        await FillAsync();
        using var index = LocalIndex.Open(_folder.Index);
        var whole = await File.ReadAllBytesAsync(_folder.Data(file), TestContext.Current.CancellationToken);
        var random = new Random(3);
        for (var place = 0; place < whole.Length; place += sizeof(long))
        {
            foreach (var value in new[] { -1, long.MinValue, long.MaxValue, 0, 1L << 32, (1L << 61) + 3, random.NextInt64(), BitConverter.ToInt64(whole, place) ^ (1L << random.Next(64)) })
            {
                byte[] bytes = [.. whole];
                BitConverter.TryWriteBytes(bytes.AsSpan(place), value);
                await OverwriteAsync(_folder.Data(file), bytes);
                for (var slot = 0L; slot < index.Images.Slots; slot++)
                {
                    ReadOrRefuse(() => index.GetImage(slot));
                    ReadOrRefuse(() => new StoredTexts(index).RequireWhole(slot));
                    ReadOrRefuse(() => index.GetImageId(slot));
                }

                for (var slot = 0L; slot < index.Captions.Slots; slot++)
                {
                    ReadOrRefuse(() => index.GetCaption(slot));
                }
            }
        }

        void ReadOrRefuse<T>(Func<T> read)
        {
            try
            {
                read();
            }
            catch (IndexCorruptException error)
            {
                Assert.NotEmpty(error.File);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_is_cut_while_it_is_mapped_marks_the_index_and_is_compared_with_its_checksums_before_it_counts_again(string file)
    {
        await FillAsync();
        var path = _folder.Data(file);
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        using var index = LocalIndex.Open(_folder.Index);
        index.RequireSound();
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.SetLength(whole.Length - 1);
            Assert.Equal(file, index.FindDamage()?.File);
            stream.SetLength(whole.Length);
        }

        // It stays marked: what was read meanwhile may have been zeros.
        Assert.Equal(file, Assert.Throws<IndexCorruptException>(index.RequireSound).File);
        await OverwriteAsync(path, [.. whole.AsSpan(0, whole.Length - 1), (byte)(whole[^1] ^ 1)]);
        using (var other = OpenOrNull())
        {
            Assert.True(other is null || Assert.Throws<IndexCorruptException>(() => other.RequireRestored(index, TestContext.Current.CancellationToken)).File == file);
        }

        await OverwriteAsync(path, whole);
        using var again = LocalIndex.Open(_folder.Index);
        again.RequireRestored(index, TestContext.Current.CancellationToken);
        again.RequireSound();

        LocalIndex? OpenOrNull()
        {
            try
            {
                return LocalIndex.Open(_folder.Index);
            }
            catch (IndexCorruptException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task A_manifest_whose_counts_do_not_fit_its_lengths_is_refused()
    {
        await FillAsync();
        IndexManifest manifest;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            manifest = index.Manifest;
        }

        foreach (var wrong in new[]
        {
            manifest with { Rows = manifest.Rows with { Images = manifest.Rows.Images + 1 } },
            manifest with { Rows = manifest.Rows with { Tombstones = -1 } },
            manifest with { Files = [.. manifest.Files.Skip(1)] },
            manifest with { Files = [manifest.Files[0] with { Path = "../../secret" }, .. manifest.Files.Skip(1)] },
            manifest with { Generation = 0 },
        })
        {
            ManifestFile.Replace(_folder.Index, wrong);
            Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index));
            Assert.Throws<IndexCorruptException>(Writer);
        }
    }

    private async Task FillAsync()
    {
        using var writer = Writer();
        for (var commit = 0; commit < 3; commit++)
        {
            writer.Append(SampleCorpus.Batch(Enumerable.Range(0, 8).Select(i => ($"{commit}-{i}", (commit * 8) + i))));
            writer.Delete($"{commit - 1}-3");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }
    }

    // In place: the mapped pages of an open index see it, as they would a bad sector.
    private static async Task OverwriteAsync(string path, byte[] bytes)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
    }

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
