using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Rows;

namespace Retrieval.Bench.Catalogs;

/// <summary>Batches of full-size records. Every batch has the same tensors under new ids: nothing compresses or compares them.</summary>
internal sealed class BenchCorpus
{
    private const int Words = 14;
    private readonly ImageRows _template;
    private readonly int _captions;

    public BenchCorpus(CatalogBenchOptions options)
    {
        var d = options.RecordWidth;
        _captions = options.CaptionsPerImage;
        Schema = new IndexSchema(
            new string('b', 64), "bench", d,
            [new FieldSpec("v", ElementType.Float32, [options.Regions, d], Ragged: false)],
            [new FieldSpec("w", ElementType.Float16, [d], Ragged: true)]);
        var captions = options.Batch * _captions;
        _template = new ImageRows
        {
            Images = [],
            ImageFields = new FieldRows { Embedding = Floats(options.Batch * d), Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["v"] = Floats(options.Batch * options.Regions * d) } },
            CaptionFields = captions == 0 ? FieldRows.Empty : new FieldRows
            {
                Embedding = Floats(captions * d),
                Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["w"] = Floats(captions * Words * d / 2) },
                Lengths = Enumerable.Repeat(Words, captions).ToArray(),
            },
        };
        BytesPerImage = (4L * d * options.Regions) + (6L * d) + (_captions * ((2L * d * Words) + (6L * d)));
    }

    public IndexSchema Schema { get; }

    /// <summary>Bytes of record, float32 embedding and halfvec of an image and its captions.</summary>
    public long BytesPerImage { get; }

    /// <summary>Images [first, first + count), at most one batch.</summary>
    public ImageRows Rows(long first, int count) => new()
    {
        SourceKey = "bench",
        Images = [.. Enumerable.Range(0, count).Select(i => Entry(first + i))],
        ImageFields = Head(_template.ImageFields, count, Schema.ImageFields, 1),
        CaptionFields = _captions == 0 ? FieldRows.Empty : Head(_template.CaptionFields, count * _captions, Schema.CaptionFields, Words),
    };

    private ImageEntry Entry(long number)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"image-{number:d9}");
        return new ImageEntry(id, SHA256.HashData(Encoding.UTF8.GetBytes(id)), [.. Enumerable.Range(0, _captions).Select(i => string.Create(CultureInfo.InvariantCulture, $"caption {i} of image {number}"))]);
    }

    private FieldRows Head(FieldRows rows, int items, IReadOnlyList<FieldSpec> fields, int words) => new()
    {
        Embedding = rows.Embedding[..(items * Schema.EmbeddingWidth * sizeof(float))],
        Fields = fields.ToDictionary(field => field.Name, field => rows.Fields[field.Name][..(items * (field.Ragged ? words : 1) * field.RowBytes)]),
        Lengths = rows.Lengths.Length == 0 ? default : rows.Lengths[..items],
    };

    private static ReadOnlyMemory<byte> Floats(int count)
    {
        var random = new Random(count);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        return RowBytes.Of(values);
    }
}
