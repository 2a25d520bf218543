using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Images;
using Retrieval.Storage.Local;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>Images and captions around random centres, with metadata to filter by, made from nothing but an id and a version.</summary>
internal static class VectorCorpus
{
    public const int Width = 32;
    private const int Centres = 40;

    public static IndexSchema Schema { get; } = new(
        new string('b', 64), "vectors", Width, [new FieldSpec("v", ElementType.Int64, [1], Ragged: false)], [new FieldSpec("w", ElementType.Float16, [2], Ragged: true)]);

    private static float[][] Middles { get; } = [.. Enumerable.Range(0, Centres).Select(i => Gaussian(new Random(i)))];

    /// <summary>A point of the same distribution that is in no index.</summary>
    public static float[] Query(int seed) => Vector(new Random(seed));

    /// <summary>
    /// Values of an image's metadata: <c>color</c> has 4, <c>rare</c> 50, <c>tags</c> up to 3 of 6; <c>flag</c> is a boolean, <c>size</c> one
    /// of 100 numbers below 50, written in three ways; <c>mixed</c> is a list of a number, a boolean and a text.
    /// </summary>
    public static IReadOnlyDictionary<string, MetadataValue[]> Metadata(int id, int version)
    {
        var random = new Random(HashCode(id, version));
        return new Dictionary<string, MetadataValue[]>
        {
            ["color"] = [MetadataValue.Of($"c{random.Next(4)}")],
            ["rare"] = [MetadataValue.Of($"r{random.Next(50)}")],
            ["flag"] = [MetadataValue.Of(random.Next(2) == 0)],
            ["tags"] = [.. Enumerable.Range(0, random.Next(4)).Select(_ => MetadataValue.Of($"t{random.Next(6)}")).Distinct()],
            ["size"] = [Size(random)],
            ["mixed"] = [Size(random), MetadataValue.Of(random.Next(2) == 0), MetadataValue.Of($"{random.Next(50)}")],
        };
    }

    /// <summary>A number of <c>size</c>.</summary>
    public static MetadataValue Size(Random random)
    {
        var halves = random.Next(-50, 50);
        var number = (halves / 2m).ToString(CultureInfo.InvariantCulture);
        return MetadataValue.OfNumber(random.Next(3) switch { 0 => number, 1 => number + "e0", _ => $"{halves * 5}E-1" }, out _)!;
    }

    public static string Id(int id) => $"image-{id:D6}";

    public static int Number(string id) => int.Parse(id.AsSpan(6));

    /// <summary>A batch of images: ids and versions.</summary>
    public static ImageRows Batch(IReadOnlyList<(int Id, int Version)> images, int mostCaptions = 3)
    {
        var entries = new List<ImageEntry>();
        var embeddings = new List<float>();
        var captions = new List<float>();
        foreach (var (id, version) in images)
        {
            var random = new Random(HashCode(id, version) ^ 1);
            embeddings.AddRange(Vector(random));
            var count = random.Next(mostCaptions + 1);
            for (var i = 0; i < count; i++)
            {
                captions.AddRange(Vector(random));
            }

            entries.Add(new ImageEntry(Id(id), SHA256.HashData(Encoding.UTF8.GetBytes($"{id}/{version}")), [.. Enumerable.Range(0, count).Select(i => $"caption {i} of {id}")])
            {
                Metadata = JsonSerializer.SerializeToUtf8Bytes(Metadata(id, version).ToDictionary(entry => entry.Key, entry => entry.Value is [var one] ? (object?)Node(one) : entry.Value.Select(Node))),
            });
        }

        var captionCount = captions.Count / Width;
        return new ImageRows
        {
            Images = entries,
            ImageFields = Rows(embeddings, "v", new byte[entries.Count * sizeof(long)], default),
            CaptionFields = Rows(captions, "w", new byte[captionCount * 4], Enumerable.Repeat(1, captionCount).ToArray()),
        };
    }

    private static FieldRows Rows(List<float> embeddings, string field, byte[] bytes, int[]? lengths) => new()
    {
        Embedding = RowBytes.Of(embeddings.ToArray()),
        Fields = new Dictionary<string, ReadOnlyMemory<byte>> { [field] = bytes },
        Lengths = lengths,
    };

    private static JsonNode? Node(MetadataValue value) => value.Kind == MetadataKind.Text ? JsonValue.Create(value.Written) : JsonNode.Parse(value.Written);

    private static int HashCode(int id, int version) => (id * 7919) + (version * 104_729);

    private static float[] Vector(Random random)
    {
        var middle = Middles[random.Next(Centres)];
        var vector = Gaussian(random).Select((value, i) => middle[i] + (0.7f * value)).ToArray();
        var norm = MathF.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => value / norm)];
    }

    private static float[] Gaussian(Random random) =>
        [.. Enumerable.Range(0, Width).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
}
