using System.Globalization;
using System.Text;
using System.Text.Json;
using Retrieval.Domain.Images;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Shortlists;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Search.Tests.Filtering;

/// <summary>The same filter finds the same images and captions in Postgres, in a replica's own index, and by what its words mean.</summary>
public sealed class FilterOracleTests
{
    private const int Images = 400;

    private static readonly string[] Keys = ["a", "b", "n\u001F", new string('ü', 700)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Postgres_and_the_replica_find_what_the_condition_says(int seed)
    {
        var random = new Random(seed);
        await using var catalog = await TestCatalog.CreateAsync();
        var index = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "numbers", SampleCorpus.Schema, Cancelled);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "numbers", Cancelled);
        var metadata = await FillAsync(catalog, index, random);
        await using var follower = new CatalogFollower(
            catalog.Catalog, new FollowerOptions { CacheFolder = catalog.Folder["cache"] }, new Dictionary<string, Storage.Local.IndexSchema> { [SampleCorpus.Schema.Fingerprint] = SampleCorpus.Schema });
        using var replica = LocalIndex.Open((await follower.StepAsync(null, Cancelled)).Index!.Path);
        var local = MetadataIndex.Build(replica);
        var texts = new StoredTexts(replica);
        var shortlist = new VectorShortlist(catalog.Catalog);
        var found = 0;
        for (var round = 0; round < 150; round++)
        {
            var filter = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Keys[random.Next(Keys.Length)]).Distinct().ToDictionary(key => key, _ => Condition(random));
            var conditions = filter.ToDictionary(entry => entry.Key, entry => entry.Value.Condition);
            string[] expected = [.. metadata.Where(image => filter.All(entry => Values(image.Value, entry.Key).Any(entry.Value.Takes))).Select(image => image.Key).Order(StringComparer.Ordinal)];
            found += expected.Length;
            foreach (var items in Enum.GetValues<CatalogItems>())
            {
                var slots = items == CatalogItems.Images ? local.Images(conditions) : local.Captions(conditions);
                string[] ofReplica = [.. Enumerable.Range(0, (int)slots.Slots).Where(slot => slots.Contains(slot)).Select(slot => Name(replica, texts, items, slot)).Order(StringComparer.Ordinal)];
                var hits = await shortlist.FindAsync(items, index.IndexId, SampleCorpus.Schema.EmbeddingWidth, new float[] { 1, 2, 3, 4, 5, 6 }, 100_000, conditions, Cancelled);

                Assert.Equal(ofReplica, hits.Select(hit => hit.Position < 0 ? hit.ImageId : $"{hit.ImageId}#{hit.Position}").Order(StringComparer.Ordinal));
                Assert.Equal(expected.Where(id => items == CatalogItems.Images || ofReplica.Any(caption => caption.StartsWith($"{id}#", StringComparison.Ordinal))), ofReplica.Select(name => name.Split('#')[0]).Distinct());
            }
        }

        Assert.InRange(found, 150, 150 * Images);
    }

    // Some images are stored twice and some deleted, so that rows of earlier versions must be gone.
    private static async Task<Dictionary<string, JsonElement>> FillAsync(TestCatalog catalog, CatalogIndex index, Random random)
    {
        var metadata = new Dictionary<string, JsonElement>();
        await using var writer = new CatalogImageWriter(catalog.Catalog, index);
        for (var version = 0; version < 2; version++)
        {
            string[] ids = [.. Enumerable.Range(0, Images).Where(_ => version == 0 || random.Next(4) == 0).Select(i => $"image-{i}")];
            var rows = SampleCorpus.Batch(ids.Select(id => (id, version)));
            var entries = rows.Images.Select(entry => entry with { Metadata = Encoding.UTF8.GetBytes($"{{{string.Join(',', Keys.Where(_ => random.Next(3) > 0).Select(key => $"{JsonSerializer.Serialize(key)}:{Json(random)}"))}}}") }).ToList();
            await writer.PutAsync(new ImageRows { Images = entries, ImageFields = rows.ImageFields, CaptionFields = rows.CaptionFields }, Cancelled);
            entries.ForEach(entry => metadata[entry.Id] = JsonDocument.Parse(entry.Metadata).RootElement);
        }

        foreach (var id in metadata.Keys.Where(_ => random.Next(10) == 0).ToList())
        {
            await writer.DeleteAsync(id, Cancelled);
            metadata.Remove(id);
        }

        return metadata;
    }

    private static string Json(Random random) => random.Next(6) switch
    {
        0 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Leaf(random)))}]",
        1 => "{\"x\":1}",
        _ => Leaf(random),
    };

    private static string Leaf(Random random) => random.Next(8) switch
    {
        0 => random.Next(2) == 0 ? "true" : "false",
        1 => $"\"{Number(random)}\"",
        2 => random.Next(2) == 0 ? "\"true\"" : "null",
        _ => Number(random),
    };

    // Few values, written in several ways.
    private static string Number(Random random)
    {
        var tenths = random.Next(-30, 31);
        return random.Next(4) switch
        {
            0 => $"{tenths}e-1",
            1 => (tenths / 10m).ToString("0.00", CultureInfo.InvariantCulture),
            2 => tenths.ToString(CultureInfo.InvariantCulture),
            _ => (tenths / 10m).ToString(CultureInfo.InvariantCulture),
        };
    }

    private static JsonElement[] Values(JsonElement metadata, string key) =>
        !metadata.TryGetProperty(key, out var value) ? [] : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];

    // A condition, and what it means of a value in JSON, by decimals.
    private static (MetadataCondition Condition, Func<JsonElement, bool> Takes) Condition(Random random)
    {
        var condition = new MetadataCondition();
        var takes = new List<Func<JsonElement, bool>>();
        for (var alternatives = random.Next(1, 4); alternatives > 0; alternatives--)
        {
            var number = Number(random);
            switch (random.Next(5))
            {
                case 0:
                    condition = condition with { Texts = [.. condition.Texts, number] };
                    takes.Add(value => value.ValueKind == JsonValueKind.String ? value.GetString() == number : value.ValueKind == JsonValueKind.Number && value.GetRawText() == number);
                    break;
                case 1:
                    var yes = random.Next(2) == 0;
                    condition = condition with { Ranges = [.. condition.Ranges, ValueRange.Of(MetadataValue.Of(yes))] };
                    takes.Add(value => value.ValueKind == (yes ? JsonValueKind.True : JsonValueKind.False));
                    break;
                case 2:
                    condition = condition with { Ranges = [.. condition.Ranges, ValueRange.Of(MetadataValue.OfNumber(number, out _)!)] };
                    takes.Add(value => value.ValueKind == JsonValueKind.Number && Decimal(value.GetRawText()) == Decimal(number));
                    break;
                default:
                    var ends = new Dictionary<string, MetadataValue> { [random.Next(2) == 0 ? "gt" : "gte"] = MetadataValue.OfNumber(number, out _)! };
                    if (random.Next(2) == 0)
                    {
                        ends[random.Next(2) == 0 ? "lt" : "lte"] = MetadataValue.OfNumber((Decimal(number) + 1).ToString(CultureInfo.InvariantCulture), out _)!;
                    }

                    condition = condition with { Ranges = [.. condition.Ranges, ValueRange.Of(ends, out _)!] };
                    takes.Add(value => value.ValueKind == JsonValueKind.Number && ends.All(end => Holds(Decimal(value.GetRawText()), end.Key, Decimal(end.Value.Written))));
                    break;
            }
        }

        return (condition, value => takes.Any(take => take(value)));
    }

    private static bool Holds(decimal value, string end, decimal bound) => end switch
    {
        "gt" => value > bound,
        "gte" => value >= bound,
        "lt" => value < bound,
        _ => value <= bound,
    };

    private static decimal Decimal(string written) => decimal.Parse(written, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static string Name(LocalIndex replica, StoredTexts texts, CatalogItems items, int slot)
    {
        if (items == CatalogItems.Images)
        {
            return replica.GetImageId(slot);
        }

        var image = replica.GetCaption(slot).ImageSlot;
        return $"{replica.GetImageId(image)}#{slot - texts.Captions(image).First}";
    }
}
