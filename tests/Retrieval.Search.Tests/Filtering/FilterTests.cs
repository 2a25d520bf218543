using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Tests.Filtering;

public sealed class FilterTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    private Corpus Corpus => served.Corpus;

    private static Dictionary<string, MetadataCondition> Where(params (string Key, string[] Values)[] conditions) =>
        conditions.ToDictionary(condition => condition.Key, condition => MetadataCondition.OfTexts(condition.Values));

    // Every fifth image has no metadata.
    public static TheoryData<string, string[], string, string[], Func<int, bool>> Cases => new()
    {
        { "place", ["Bonn"], "place", ["Bonn"], i => i % 3 == 0 },
        { "place", ["Bonn", "Köln"], "place", ["Köln", "Bonn"], _ => true },
        { "year", ["2001"], "year", ["2001", "1999"], i => i % 4 == 1 },
        { "year", ["2001", "2003"], "place", ["Köln"], i => i % 2 == 1 && i % 3 != 0 },
        { "indoor", ["true"], "year", ["2002"], i => i % 4 == 2 },
        { "indoor", ["false"], "indoor", ["false"], i => i % 2 == 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Only_images_that_fulfil_every_condition_are_ranked(string key, string[] values, string key2, string[] values2, Func<int, bool> fulfils)
    {
        var filter = Where((key, values));
        filter[key2] = MetadataCondition.OfTexts(values2);
        bool Allowed(int image) => image % 5 != 4 && fulfils(image);
        for (var caption = 0; caption < served.Oracle.Captions; caption += 30)
        {
            // The shortlist is smaller than what the filter takes away, and is full nevertheless.
            foreach (var shortlist in new[] { 3, 200 })
            {
                var images = await served.Serving.ImagesAsync(Corpus.AllCaptions[caption], 3, shortlist, filter: filter);
                var (scores, coarse) = served.Oracle.OfCaption(caption);
                AnswerAssert.IsBest(images, scores, coarse, 3, shortlist, id => Array.IndexOf(Corpus.Ids, id), Allowed);

                var captions = await served.Serving.CaptionsAsync(Corpus.Ids[caption / 3], 3, shortlist, filter: filter);
                (scores, coarse) = served.Oracle.OfImage(caption / 3);
                AnswerAssert.IsBest(captions, scores, coarse, 3, shortlist, id => (Array.IndexOf(Corpus.Ids, id[..^2]) * 3) + (id[^1] - '0'), i => Allowed(i / 3));
            }
        }
    }

    [Fact]
    public async Task A_range_holds_for_images_and_for_the_captions_of_images()
    {
        var filter = new Dictionary<string, MetadataCondition>
        {
            ["year"] = new() { Ranges = [ValueRange.Between(MetadataValue.Of(2001), MetadataValue.OfNumber("2002.5", out _))] }, ["indoor"] = MetadataCondition.Of(MetadataValue.Of(true)),
        };
        static bool Allowed(int image) => image % 5 != 4 && image % 4 == 2;
        var (scores, coarse) = served.Oracle.OfCaption(0);
        AnswerAssert.IsBest(await served.Serving.ImagesAsync(Corpus.AllCaptions[0], 3, 200, filter: filter), scores, coarse, 3, 200, id => Array.IndexOf(Corpus.Ids, id), Allowed);

        (scores, coarse) = served.Oracle.OfImage(0);
        AnswerAssert.IsBest(
            await served.Serving.CaptionsAsync(Corpus.Ids[0], 3, 200, filter: filter), scores, coarse, 3, 200, id => (Array.IndexOf(Corpus.Ids, id[..^2]) * 3) + (id[^1] - '0'), i => Allowed(i / 3));
    }

    [Theory]
    [InlineData("place", "Bo")]
    [InlineData("place", "bonn")]
    [InlineData("Place", "Bonn")]
    [InlineData("nothing", "Bonn")]
    [InlineData("year", "2001.0")]
    [InlineData("year", "")]
    public async Task A_condition_that_nothing_fulfils_gives_no_hits(string key, string value)
    {
        var answer = await served.Serving.ImagesAsync("a dog", filter: Where((key, [value])), deadlineMs: 1000);

        Assert.Empty(answer.Hits);
        Assert.Equal((0, 0, null), (answer.Shortlisted, answer.Reranked, answer.Degraded));
        Assert.Empty((await served.Serving.CaptionsAsync(Corpus.Ids[0], filter: Where((key, [value])))).Hits);
        Assert.Empty((await served.Serving.ImagesAsync("a dog", filter: Where((key, [])))).Hits);
    }

    [Fact]
    public async Task A_filter_without_conditions_lets_everything_through()
    {
        Assert.Equal(40, (await served.Serving.ImagesAsync("a dog", filter: Where())).Shortlisted);
        Assert.Equal(120, (await served.Serving.CaptionsAsync(Corpus.Ids[0], filter: Where())).Shortlisted);
    }

    [Fact]
    public async Task Filters_that_make_no_sense_are_refused()
    {
        var many = Enumerable.Range(0, 33).ToDictionary(i => $"{i}", _ => MetadataCondition.OfTexts("x"));
        Assert.Equal("filter", (await Assert.ThrowsAsync<InvalidInputException>(() => served.Serving.ImagesAsync("a dog", filter: many))).Field);
        Assert.Equal("filter.place", (await Assert.ThrowsAsync<InvalidInputException>(() => served.Serving.ImagesAsync("a dog", filter: new() { ["place"] = null! }))).Field);
        Assert.Equal("filter.place", (await Assert.ThrowsAsync<InvalidInputException>(() => served.Serving.ImagesAsync("a dog", filter: Where(("place", [null!]))))).Field);
    }

    [Fact]
    public async Task Texts_numbers_booleans_and_lists_are_found_by_their_text_or_value_and_objects_are_not()
    {
        using var folder = new IndexFolder();
        string[] metadata = ["""{"k": "1"}""", """{"k": 1}""", """{"k": true}""", """{"k": ["a", 2, [false]]}""", """{"k": {"a": "b"}}""", """{"k": null}""", "", """{"k": 1.50}"""];
        using (var images = Bundle.Model.ImageEncoder.Encode(new float[metadata.Length * Bundle.Regions * Bundle.Width], TestContext.Current.CancellationToken))
        using (var writer = LocalIndexWriter.OpenOrCreate(folder.Index, IndexBinding.SchemaOf(Bundle.Model)))
        {
            writer.Append(new ImageRows
            {
                Images = [.. metadata.Select((json, i) => new ImageEntry($"{i}", new byte[32], []) { Metadata = Encoding.UTF8.GetBytes(json) })],
                ImageFields = new FieldRows { Embedding = RowBytes.Of(images.EmbeddingMemory), Fields = images.Records.Fields.ToDictionary(field => field.Name, field => images.Records.Memory(field)) },
            });
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var serving = new Serving(folder.Index);
        async Task<string> FoundBy(MetadataCondition condition) =>
            string.Join(' ', (await serving.ImagesAsync("a dog", filter: new() { ["k"] = condition })).Hits.Select(hit => hit.Id).Order());
        Task<string> Found(params string[] values) => FoundBy(MetadataCondition.OfTexts(values));
        Task<string> FoundAs(params MetadataValue[] values) => FoundBy(MetadataCondition.Of(values));

        Assert.Equal("0 1", await Found("1"));
        Assert.Equal("2", await Found("true"));
        Assert.Equal("3", await Found("a"));
        Assert.Equal("3", await Found("2"));
        Assert.Equal("3", await Found("false"));
        Assert.Equal("7", await Found("1.50"));
        Assert.Equal("0 1 2 3", await Found("1", "true", "a", "2"));
        Assert.Equal("", await Found("b", "null", "1.5", ""));

        // A number and a boolean find their own kind only, however a number is written.
        Assert.Equal("1", await FoundAs(MetadataValue.Of(1)));
        Assert.Equal("7", await FoundAs(MetadataValue.OfNumber("15e-1", out _)!));
        Assert.Equal("2", await FoundAs(MetadataValue.Of(true)));
        Assert.Equal("3", await FoundAs(MetadataValue.Of(false)));
        Assert.Equal("1 2 3", await FoundAs(MetadataValue.Of(1), MetadataValue.Of("true"), MetadataValue.Of(2)));
        Assert.Equal("1 3 7", await FoundBy(new() { Ranges = [ValueRange.Between(null, null)] }));
        Assert.Equal("3 7", await FoundBy(new() { Ranges = [ValueRange.Between(MetadataValue.Of(1), MetadataValue.Of(2), withFrom: false)] }));
        Assert.Equal("7", await FoundBy(new() { Ranges = [ValueRange.Between(MetadataValue.Of(1), MetadataValue.Of(2), withFrom: false, withTo: false)] }));
        Assert.Equal("0 1 3", await FoundBy(new() { Texts = ["1"], Ranges = [ValueRange.Of(MetadataValue.Of(2))] }));
        Assert.Equal("", await FoundBy(new() { Ranges = [ValueRange.Between(MetadataValue.Of(3), null)] }));
        Assert.Equal("", await FoundBy(new() { Ranges = [ValueRange.Between(MetadataValue.Of(3), MetadataValue.Of(1))] }));
        Assert.Empty((await serving.CaptionsAsync("0")).Hits);
    }
}
