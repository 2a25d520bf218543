using System.Runtime.CompilerServices;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Reading;

public sealed class LargeFieldTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_field_beyond_two_gibibytes_maps_as_one_tensor_and_reads_near_its_end()
    {
        const int RowBytes = 64 << 20;
        const int Rows = 40;
        var schema = SampleCorpus.Schema with { ImageFields = [new FieldSpec("v", ElementType.Float32, [RowBytes / sizeof(float)], Ragged: false)] };
        WriteSparse(schema, Rows);
        using (var stream = new FileStream(_folder.Data("images/record/v.f32"), FileMode.Open))
        {
            stream.Position = ((long)Rows * RowBytes) - sizeof(float);
            stream.Write(BitConverter.GetBytes(42f));
        }

        using var index = LocalIndex.Open(_folder.Index, schema);

        var field = index.Images.Field("v");
        Assert.Equal((long)Rows * RowBytes, field.Bytes);
        Assert.True(field.Bytes > int.MaxValue);
        Assert.Equal(42f, ReadFloat(field.Address, field.Bytes - sizeof(float)));
        Assert.Equal(42f, BitConverter.ToSingle(field.Row(Rows - 1)[^sizeof(float)..]));
        Assert.Equal(0f, ReadFloat(field.Address, (long)int.MaxValue + 1));
    }

    private static unsafe float ReadFloat(nint address, long at) => Unsafe.ReadUnaligned<float>((byte*)address + at);

    /// <summary>An index of empty rows whose files take no room on the disk. Its checksums are not those of its files.</summary>
    private void WriteSparse(IndexSchema schema, int rows)
    {
        LocalIndexWriter.OpenOrCreate(_folder.Index, schema).Dispose();
        var layout = new IndexLayout(schema);
        var counts = new RowCounts(rows, 0, 0, 0, 0);
        foreach (var file in layout.Files)
        {
            using var stream = new FileStream(_folder.Data(file.Path), FileMode.Open);
            stream.SetLength((counts.Of(file.Counter) ?? 0) * file.RowBytes);
        }

        var manifest = ManifestFile.Read(_folder.Index)!.Manifest with
        {
            Generation = 2,
            Rows = counts,
            Files = [.. layout.Files.Select(file => new FileLength(file.Path, (counts.Of(file.Counter) ?? 0) * file.RowBytes))],
        };
        ManifestFile.Replace(_folder.Index, manifest);
    }
}
