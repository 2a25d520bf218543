using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Images made up from a seed: the first few with ids that are hard on URLs, two captions each, metadata for filters.</summary>
internal static class Corpus
{
    public const int CaptionsPerImage = 2;

    public static readonly string[] AwkwardIds =
        ["plain.jpg", "a/b/c.jpg", "with space & ? #1", "100%2F.jpg", "雪の犬 🐕", "..twodots", "quote\"back\\slash", "plus+semi;comma,"];

    public static string IdOf(int row) => row < AwkwardIds.Length ? AwkwardIds[row] : $"image-{row}";

    public static string CaptionOf(int row, int place) => $"w{4 + (row % 50)} w{4 + (row * 7 % 50)} w{6 + place}";

    /// <summary>Ingests the first images of the corpus into an index. What is there already stays.</summary>
    public static Task IngestAsync(string bundle, string index, int count) => IngestAsync(bundle, index, count, "corpus");

    /// <summary>Adds the next images to an index.</summary>
    public static Task GrowAsync(string bundle, string index, int count) => IngestAsync(bundle, index, count, $"corpus-{count}");

    /// <summary>Ingests the first images of the corpus into an index of a catalog, made and activated if need be.</summary>
    public static Task IngestAsync(string bundle, Catalog catalog, string index, int count) => IngestAsync(bundle, catalog, index, count, "corpus");

    /// <summary>Adds the next images to an index of a catalog.</summary>
    public static Task GrowAsync(string bundle, Catalog catalog, string index, int count) => IngestAsync(bundle, catalog, index, count, $"corpus-{count}");

    /// <summary>Regions of an image of the corpus as float32, row by row.</summary>
    public static float[] RegionsOf(int row) => ImageOf(row).Regions.ToArray();

    private static async Task IngestAsync(string bundle, Catalog catalog, string index, int count, string key)
    {
        using var model = MatchingModel.Load(bundle, new InferenceOptions { Threads = 1 });
        using var source = First(count);
        var target = new CatalogIngestionTarget(catalog, await CatalogIndexes.FindOrCreateAsync(catalog, index, IndexBinding.SchemaOf(model)), new CatalogTargetOptions { Worker = "test" });
        await new IngestionJob(model, new IngestionOptions { SourceKey = key }, TimeProvider.System).RunAsync(source, target);
    }

    private static async Task IngestAsync(string bundle, string index, int count, string key)
    {
        using var model = MatchingModel.Load(bundle, new InferenceOptions { Threads = 1 });
        using var source = First(count);
        await new IngestionJob(model, new IngestionOptions { SourceKey = key }, TimeProvider.System).RunAsync(source, index);
    }

    private static ListSource First(int count) => new([.. Enumerable.Range(0, count).Select(ImageOf)], "corpus");

    private static ImageSample ImageOf(int row)
    {
        var random = new Random(row);
        var regions = new float[Image.Regions * Image.Width];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = (float)(random.NextDouble() * 2);
        }

        return new ImageSample(row, IdOf(row))
        {
            Regions = regions,
            RegionCount = Image.Regions,
            RegionWidth = Image.Width,
            Captions = [.. Enumerable.Range(0, CaptionsPerImage).Select(place => CaptionOf(row, place))],
            Boxes = row == 0 ? Enumerable.Range(0, Image.Regions * 4).Select(i => (float)i).ToArray() : null,
            Metadata = row % 3 == 2 ? null : new Dictionary<string, MetadataValue> { ["split"] = MetadataValue.Of(row % 3 == 0 ? "test" : "train"), ["row"] = MetadataValue.Of($"{row}") },
        };
    }
}
