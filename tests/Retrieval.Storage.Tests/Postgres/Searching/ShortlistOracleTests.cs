using System.Text.Json;
using Retrieval.Domain.Images;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>Shortlists from the catalog against an exact search of the replica.</summary>
public sealed class ShortlistOracleTests
{
    private const int Large = 8000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Where_the_catalog_answers_exactly_the_shortlist_is_that_of_an_exact_search(int seed)
    {
        var random = new Random(seed);
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, random.Next(300, 1900)).Select(id => (id, 0))]);
        for (var round = 0; round < 3; round++)
        {
            await ChangeAsync(catalog, random, 40);
            await catalog.FollowAsync();
            foreach (var items in Enum.GetValues<CatalogItems>())
            {
                foreach (var count in new[] { 1, 10, 200, 1000, 1500, (int)catalog.Bank(items).Count, 100_000, int.MaxValue })
                {
                    var query = VectorCorpus.Query(random.Next());
                    var filter = Filter(random);
                    var expected = catalog.Exact(items, query, count, filter);
                    var found = await catalog.Shortlist.FindAsync(catalog.Replica!, items, query, count, filter, Cancellation);
                    Assert.Equal(expected, found.Hits);
                    Assert.Equal(0, found.Missing);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Through_the_index_as_many_come_as_are_asked_for_and_nearly_all_of_them_are_the_nearest(int seed)
    {
        var random = new Random(seed);
        await using var catalog = await SearchedCatalog.CreateAsync(options: new VectorShortlistOptions { ExactMatches = 300 });
        for (var first = 0; first < Large; first += 2000)
        {
            await catalog.PutAsync([.. Enumerable.Range(first, 2000).Select(id => (id, 0))]);
        }

        await catalog.BuildAsync();

        // Rows that died after the index was made, and others that are younger than it.
        await catalog.PutAsync([.. Enumerable.Range(0, 1500).Select(_ => random.Next(Large)).Distinct().Select(id => (id, 1))]);
        await ChangeAsync(catalog, random, 60);
        await catalog.FollowAsync();
        foreach (var items in Enum.GetValues<CatalogItems>())
        {
            foreach (var count in new[] { 1, 10, 200, 1000, 1500, (int)catalog.Bank(items).Count, (int)catalog.Bank(items).Count + 1 })
            {
                foreach (var filter in new[] { null, Filter(random) })
                {
                    double recall = 0;
                    for (var i = 0; i < 3; i++)
                    {
                        var query = VectorCorpus.Query(random.Next());
                        var expected = catalog.Exact(items, query, count, filter);
                        var found = await catalog.Shortlist.FindAsync(catalog.Replica!, items, query, count, filter, Cancellation);
                        Assert.Equal(expected.Length, found.Hits.Length);
                        var scores = catalog.Exact(items, query, int.MaxValue, filter).ToDictionary(hit => hit.Slot, hit => hit.Score);
                        Assert.All(found.Hits, hit => Assert.Equal(scores[hit.Slot], hit.Score));
                        Assert.Equal(found.Hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Slot), found.Hits);
                        recall += Recall(expected, found.Hits) / 3;
                    }

                    Assert.True(recall >= 0.95, $"{items}, {count} of {(filter is null ? "all" : "some")}: recall {recall:F3}");
                }
            }
        }
    }

    [Fact]
    public async Task What_the_replica_does_not_have_yet_is_replaced_by_the_next_ones()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, 400).Select(id => (id, 0))]);
        await catalog.FollowAsync();
        var query = VectorCorpus.Query(5);
        var expected = catalog.Exact(CatalogItems.Images, query, 50, null);
        await catalog.PutAsync([.. Enumerable.Range(400, 600).Select(id => (id, 0))]);
        var found = await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, query, 50, null, Cancellation);
        Assert.Equal(expected, found.Hits);
        Assert.True(found.Missing > 0);
    }

    [Fact]
    public async Task What_the_catalog_has_no_more_is_not_found()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, 100).Select(id => (id, 0))]);
        await catalog.FollowAsync();
        var query = VectorCorpus.Query(6);
        var best = catalog.Exact(CatalogItems.Images, query, 10, null);
        await catalog.DeleteAsync(VectorCorpus.Number(catalog.Replica!.GetImageId(best[0].Slot)));
        var found = await catalog.Shortlist.FindAsync(catalog.Replica, CatalogItems.Images, query, 9, null, Cancellation);
        Assert.Equal(best[1..], found.Hits);
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(1e-3f)]
    [InlineData(1e6f)]
    [InlineData(1e30f)]
    public async Task The_length_of_a_query_changes_the_scores_and_not_the_order(float scale)
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, 300).Select(id => (id, 0))]);
        await catalog.FollowAsync();
        float[] query = [.. VectorCorpus.Query(8).Select(value => value * scale)];
        var found = await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, query, 20, null, Cancellation);
        Assert.Equal(catalog.Exact(CatalogItems.Images, query, 20, null), found.Hits);
    }

    [Fact]
    public async Task A_query_of_zeros_finds_as_many_as_any()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, 50).Select(id => (id, 0))]);
        await catalog.FollowAsync();
        var found = await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, new float[VectorCorpus.Width], 20, null, Cancellation);
        Assert.Equal(20, found.Hits.Length);
        Assert.All(found.Hits, hit => Assert.Equal(0, hit.Score));
    }

    [Fact]
    public async Task An_empty_index_and_a_count_of_zero_give_nothing()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.FollowAsync();
        Assert.Empty((await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, VectorCorpus.Query(1), 10, null, Cancellation)).Hits);
        await catalog.PutAsync([(1, 0)]);
        await catalog.FollowAsync();
        Assert.Empty((await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, VectorCorpus.Query(1), 0, null, Cancellation)).Hits);
    }

    [Fact]
    public async Task Filters_find_keys_and_values_of_control_characters_and_of_any_length()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        (string Key, string Value)[] odd =
        [
            ("plain", "value"), ("tab\there", "line\nbreak"), ("k\u001Fv", "x"), ("k", "v\u001Fx"), ("\u001E", "\u001Es"), ("nul\0", "a\0b"), ("", ""),
            ("long", new string('l', 1500)), ("long", new string('l', 1501)), (new string('ß', 700), "ü"), ("quote\"'{},", "\\N"),
        ];
        var rows = VectorCorpus.Batch([.. Enumerable.Range(0, odd.Length).Select(id => (id, 0))]);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(
            new ImageRows
            {
                Images = [.. rows.Images.Select((image, i) => image with { Metadata = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [odd[i].Key] = odd[i].Value }) })],
                ImageFields = rows.ImageFields,
                CaptionFields = rows.CaptionFields,
            },
            Cancellation);
        await catalog.FollowAsync();
        for (var i = 0; i < odd.Length; i++)
        {
            var filter = new Dictionary<string, MetadataCondition> { [odd[i].Key] = MetadataCondition.OfTexts(odd[i].Value) };
            var found = await catalog.Shortlist.FindAsync(catalog.Replica!, CatalogItems.Images, VectorCorpus.Query(i), 20, filter, Cancellation);
            Assert.Equal([VectorCorpus.Id(i)], found.Hits.Select(hit => catalog.Replica!.GetImageId(hit.Slot)));
        }
    }

    private static async Task ChangeAsync(SearchedCatalog catalog, Random random, int changes)
    {
        for (var i = 0; i < changes; i++)
        {
            var id = random.Next(catalog.Versions.Count + 50);
            if (random.Next(3) == 0 && catalog.Versions.ContainsKey(id))
            {
                await catalog.DeleteAsync(id);
            }
            else
            {
                await catalog.PutAsync([(id, random.Next(1, 1000))]);
            }
        }
    }

    private static Dictionary<string, MetadataCondition>? Filter(Random random)
    {
        var filter = new Dictionary<string, MetadataCondition>();
        foreach (var (key, values) in new[] { ("color", 4), ("rare", 50), ("flag", 2), ("tags", 6), ("none", 1) })
        {
            if (random.Next(key == "none" ? 20 : 3) == 0)
            {
                filter[key] = MetadataCondition.OfTexts([.. Enumerable.Range(0, random.Next(1, 1 + (values / 2))).Select(_ => key == "flag" ? "true" : $"{key[0]}{random.Next(values)}")]);
            }
        }

        foreach (var key in new[] { "size", "mixed" }.Where(_ => random.Next(3) == 0))
        {
            filter[key] = OfNumbers(random);
        }

        return filter.Count == 0 ? null : filter;
    }

    // Single values, ranges open and closed at either end, booleans and texts, alone and together.
    private static MetadataCondition OfNumbers(Random random)
    {
        var ends = new[] { VectorCorpus.Size(random), VectorCorpus.Size(random) }.OrderBy(end => end.Order, StringComparer.Ordinal).ToArray();
        return new MetadataCondition
        {
            Texts = random.Next(3) == 0 ? [$"{random.Next(50)}"] : [],
            Ranges =
            [
                .. Enumerable.Range(0, random.Next(3)).Select(_ => ValueRange.Of(VectorCorpus.Size(random))),
                .. random.Next(3) == 0 ? [ValueRange.Of(MetadataValue.Of(random.Next(2) == 0))] : Array.Empty<ValueRange>(),
                .. random.Next(2) == 0 ? [ValueRange.Between(random.Next(4) == 0 ? null : ends[0], random.Next(4) == 0 ? null : ends[1], random.Next(2) == 0, random.Next(2) == 0)] : Array.Empty<ValueRange>(),
            ],
        };
    }

    private static double Recall(ShortlistHit[] expected, ShortlistHit[] found) =>
        expected.Length == 0 ? 1 : expected.Select(hit => hit.Slot).Intersect(found.Select(hit => hit.Slot)).Count() / (double)expected.Length;
}
