using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>Searches by features and for images like an image, over the index that is ingested once.</summary>
public sealed class SearchByImageTests(IngestAndSearchTests.Corpus corpus) : IClassFixture<IngestAndSearchTests.Corpus>
{
    private static readonly string Id = SampleSplit.Id(1);

    [Fact]
    public async Task Images_like_an_image_are_shown_without_scores_of_the_second_stage()
    {
        var answer = (await corpus.SearchAsync("--like", Id, "--top", "3", "--json")).Json();

        var hits = answer.GetProperty("hits").EnumerateArray().ToArray();
        Assert.Equal(3, hits.Length);
        Assert.All(hits, hit => Assert.NotEqual(Id, hit.GetProperty("id").GetString()));
        Assert.All(hits, hit => Assert.Equal(JsonValueKind.Null, hit.GetProperty("score").ValueKind));
        Assert.Equal(0, answer.GetProperty("reranked").GetInt32());
    }

    [Fact]
    public async Task Pages_go_on_where_the_former_ended()
    {
        var whole = Ids((await corpus.SearchAsync("--caption", "w4 w5", "--top", "6", "--shortlist", "8", "--json")).Json());
        var second = Ids((await corpus.SearchAsync("--caption", "w4 w5", "--top", "3", "--offset", "3", "--shortlist", "8", "--json")).Json());

        Assert.Equal(whole[3..], second);
    }

    [Fact]
    public async Task Features_of_a_file_find_captions_and_images_and_a_wrong_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        var (regions, width) = (TestKit.Corpora.Corpus.RegionCount, TestKit.Corpora.Corpus.RegionWidth);
        float[] values = [.. Enumerable.Range(0, regions * width).Select(i => (i % 17) / 8f)];
        var file = folder.WriteNpy("image.npy", values, [regions, width]);

        Assert.Equal(2, Ids((await corpus.SearchAsync("--features", file, "--top", "2", "--json")).Json()).Length);
        Assert.Equal(2, Ids((await corpus.SearchAsync("--like", file, "--top", "2", "--json")).Json()).Length);

        var wrong = folder.WriteNpy("wrong.npy", values, [width, regions]);
        (await corpus.SearchAsync("--features", wrong)).Refused($"{regions}");
    }

    [Fact]
    public async Task Two_kinds_of_query_are_refused() =>
        (await corpus.SearchAsync("--caption", "w4", "--like", Id)).Refused("give one of --caption TEXT, --image ID, --features FILE and --like ID|FILE");

    private static string[] Ids(JsonElement answer) => [.. answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("id").GetString()!)];
}
