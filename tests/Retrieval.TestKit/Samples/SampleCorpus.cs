using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Rows;

namespace Retrieval.TestKit.Samples;

/// <summary>Images made from nothing but their id and version, so that any process can say what must be in an index.</summary>
public static class SampleCorpus
{
    public static IndexSchema Schema { get; } = new(
        new string('a', 64),
        "sample",
        EmbeddingWidth: 6,
        [new FieldSpec("v", ElementType.Float32, [3, 4], Ragged: false)],
        [
            new FieldSpec("w", ElementType.Float16, [5], Ragged: true),
            new FieldSpec("c", ElementType.Float32, [2], Ragged: true),
            new FieldSpec("g", ElementType.Int64, [2], Ragged: false),
        ]);

    public static SampleImage Image(string id, int version, IndexSchema? schema = null)
    {
        schema ??= Schema;
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{id}/{version}"))));
        var lengths = Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(0, 9)).ToArray();
        var entry = new ImageEntry(
            id,
            SHA256.HashData(Encoding.UTF8.GetBytes($"{id}#{version}")),
            [.. lengths.Select((length, i) => $"caption {i} of {id} v{version} – {length} words ✓")])
        {
            Metadata = version % 2 == 0 ? Encoding.UTF8.GetBytes($$"""{"version": {{version}}}""") : default,
            Boxes = version % 3 == 0 ? default : Floats(random, 4 * 3),
        };
        return new SampleImage(
            entry,
            Fields(random, schema, schema.ImageFields, items: 1, raggedRows: 0),
            Fields(random, schema, schema.CaptionFields, lengths.Length, lengths.Sum()),
            lengths);
    }

    /// <summary>The images of one batch, packed.</summary>
    public static ImageRows Batch(IEnumerable<(string Id, int Version)> images, IndexSchema? schema = null)
    {
        var samples = images.Select(image => Image(image.Id, image.Version, schema)).ToList();
        return new ImageRows
        {
            Images = [.. samples.Select(sample => sample.Entry)],
            ImageFields = Pack([.. samples.Select(sample => sample.ImageFields)], []),
            CaptionFields = Pack([.. samples.Select(sample => sample.CaptionFields)], [.. samples.SelectMany(sample => sample.CaptionLengths)]),
        };
    }

    public static ImageRows Batch(string id, int version = 0) => Batch([(id, version)]);

    /// <summary>Applies one row of the sample source: most add an image, some replace or delete an earlier one.</summary>
    public static void Apply(int row, Action<string, int> put, Action<string> delete)
    {
        switch (row % 7)
        {
            case 4:
                put(Id(row - 3), row);
                break;
            case 6:
                delete(Id(row - 6));
                break;
            default:
                put(Id(row), row);
                break;
        }
    }

    /// <summary>What must be in an index after the first <paramref name="rows"/> rows of the sample source.</summary>
    public static Dictionary<string, int> StateAfter(long rows)
    {
        var state = new Dictionary<string, int>();
        for (var row = 0; row < rows; row++)
        {
            Apply(row, (id, version) => state[id] = version, id => state.Remove(id));
        }

        return state;
    }

    private static string Id(int row) => $"image-{row:D6}";

    private static Dictionary<string, byte[]> Fields(Random random, IndexSchema schema, IReadOnlyList<FieldSpec> specs, int items, int raggedRows)
    {
        var fields = specs.ToDictionary(spec => spec.Name, spec => Bytes(random, spec.RowBytes * (spec.Ragged ? raggedRows : items)));
        fields["embedding"] = RowBytes.Of(Floats(random, items * schema.EmbeddingWidth)).ToArray();
        return fields;
    }

    private static FieldRows Pack(IReadOnlyList<Dictionary<string, byte[]>> items, int[] lengths) => new()
    {
        Embedding = Join(items, "embedding"),
        Fields = items[0].Keys.Where(name => name != "embedding").ToDictionary(name => name, name => (ReadOnlyMemory<byte>)Join(items, name)),
        Lengths = lengths,
    };

    private static byte[] Join(IEnumerable<Dictionary<string, byte[]>> items, string field) => [.. items.SelectMany(item => item[field])];

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
