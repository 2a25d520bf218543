using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Bundles;
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

    /// <summary>Value of an image's metadata: <c>color</c> has 4, <c>rare</c> 50, <c>tags</c> up to 3 of 6; <c>flag</c> is a boolean.</summary>
    public static IReadOnlyDictionary<string, string[]> Metadata(int id, int version)
    {
        var random = new Random(HashCode(id, version));
        return new Dictionary<string, string[]>
        {
            ["color"] = [$"c{random.Next(4)}"],
            ["rare"] = [$"r{random.Next(50)}"],
            ["flag"] = [random.Next(2) == 0 ? "true" : "false"],
            ["tags"] = [.. Enumerable.Range(0, random.Next(4)).Select(_ => $"t{random.Next(6)}").Distinct()],
        };
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
                Metadata = Json(Metadata(id, version)),
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

    private static byte[] Json(IReadOnlyDictionary<string, string[]> metadata) => Encoding.UTF8.GetBytes(
        $$"""{"color": "{{metadata["color"][0]}}", "rare": "{{metadata["rare"][0]}}", "flag": {{metadata["flag"][0]}}, "tags": [{{string.Join(", ", metadata["tags"].Select(tag => $"\"{tag}\""))}}]}""");

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
