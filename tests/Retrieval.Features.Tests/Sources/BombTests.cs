using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Features.Arrays;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Small files that unpack to more than anybody has, and archives with names that lead elsewhere.</summary>
public sealed class BombTests : IDisposable
{
    private const int Piece = 16 << 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Captions_that_unpack_to_more_than_a_gibibyte_are_refused_before_any_is_held()
    {
        _folder.Write("a.tsv", TsvFixture.Line("a"));
        WriteGzip("captions.txt.gz", "a\ta cube\n", ((1 << 30) / Piece) + 1);
        Assert.InRange(new FileInfo(_folder["captions.txt.gz"]).Length, 1, 64 << 20);

        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<InvalidInputException>(() => DetectorTsvSource.Open(_folder["a.tsv"], _folder["captions.txt.gz"], FeatureExpectation.None));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.Equal("captions.txt.gz: more than 1073741824 bytes, expected at most so many", error.Message);
    }

    [Fact]
    public void A_line_that_never_ends_is_one_reject_and_is_not_held()
    {
        WriteGzip("a.tsv.gz", "AAAAAAAA", 16);
        using var source = DetectorTsvSource.Open(_folder["a.tsv.gz"], null, new FeatureExpectation { RegionCount = 2, RegionWidth = TsvFixture.Width });
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var reject = Assert.IsType<RejectedSample>(Assert.Single(source.ReadFrom(0)));

        Assert.StartsWith("line 1: more than ", reject.Reason, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 128L << 20);
    }

    [Fact]
    public void An_archive_that_gives_more_than_it_declares_is_refused_after_what_it_declared()
    {
        // 24 bytes are declared for x; the packed data go on for 64 MiB.
        _folder.Write("arrays.npz", Lying(Repeated("AAAAAAAA", 64)));

        using var npz = NpzFile.Open(_folder["arrays.npz"]);
        var error = Assert.Throws<InvalidInputException>(() => npz.Read("x"));

        Assert.StartsWith("arrays.npz/x: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../x")]
    [InlineData("/etc/x")]
    [InlineData("C:\\x")]
    [InlineData("a/../x")]
    public void Names_of_an_archive_that_lead_elsewhere_are_names_of_arrays_that_nobody_asks_for(string name)
    {
        Directory.CreateDirectory(_folder["arrays"]);
        File.WriteAllBytes(_folder["arrays/a.npz"], Npz((name, new float[6])));

        using var source = ArrayFolderSource.Open(_folder["arrays"], null, new FeatureExpectation { RegionCount = 2, RegionWidth = 3 });

        var reject = Assert.IsType<RejectedSample>(Assert.Single(source.ReadFrom(0)));
        Assert.Equal($"no features, expected an array named x, features, feat; found: {name}", reject.Reason);
        Assert.Equal(["a.npz"], Directory.GetFileSystemEntries(_folder["arrays"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Metadata_and_ids_of_a_split_that_end_within_their_gzip_data_are_refused_by_name()
    {
        foreach (var kind in new[] { "_ids.txt", "_caps.txt", "_metadata.jsonl" })
        {
            using var split = new SplitFixture();
            split.WriteRegions(SplitFixture.Values(4), 4);
            var whole = Gzip(Encoding.UTF8.GetBytes(kind == "_metadata.jsonl" ? "{}\n{}\n{}\n{}\n" : "a\nb\nc\nd\n"), 1);
            split.Folder.Write($"test{kind}", whole[..^9]);

            var error = Assert.Throws<InvalidInputException>(() => split.Open());

            Assert.StartsWith($"test{kind}: the gzip data are damaged or end early", error.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Npz(params (string Name, float[] Values)[] arrays)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, values) in arrays)
            {
                using var entry = archive.CreateEntry($"{name}.npy").Open();
                entry.Write(NpyWriter.Header(2, 3));
                entry.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            }
        }

        return bytes.ToArray();
    }

    // The length that the archive declares is changed in both of its places, to that of an array of six numbers.
    private static byte[] Lying(byte[] more)
    {
        using var bytes = new MemoryStream();
        byte[] array = [.. NpyWriter.Header(2, 3), .. new byte[24]];
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("x.npy").Open();
            entry.Write(array);
            entry.Write(more);
        }

        var zip = bytes.ToArray();
        var (found, declared) = (BitConverter.GetBytes(array.Length + more.Length), BitConverter.GetBytes(array.Length));
        for (var at = zip.AsSpan().IndexOf(found); at >= 0; at = zip.AsSpan().IndexOf(found))
        {
            declared.CopyTo(zip, at);
        }

        return zip;
    }

    private static byte[] Repeated(string text, int mebibytes) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, (mebibytes << 20) / text.Length)));

    // Members one after another are one text: a large one is packed in no time.
    private static byte[] Gzip(byte[] bytes, int times)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return [.. Enumerable.Repeat(packed.ToArray(), times).SelectMany(member => member)];
    }

    private void WriteGzip(string name, string text, int times) => _folder.Write(name, Gzip(Repeated(text, Piece >> 20), times));
}
