using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Queries;

public sealed class SearchServiceTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    private Corpus Corpus => served.Corpus;

    private Serving Serving => served.Serving;

    public static TheoryData<int?, int?> Sizes => new() { { null, null }, { 1, 1 }, { 1, 40 }, { 10, 3 }, { 5, 20 }, { 40, 40 }, { 7, 8 }, { 1000, 10_000 }, { 39, 40 }, { 120, 119 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Images_for_a_caption_are_those_that_scoring_everything_gives(int? top, int? shortlist)
    {
        for (var caption = 0; caption < served.Oracle.Captions; caption += 7)
        {
            var answer = await Serving.ImagesAsync(Corpus.AllCaptions[caption], top, shortlist);
            var (scores, coarse) = served.Oracle.OfCaption(caption);
            AnswerAssert.IsBest(answer, scores, coarse, top ?? 10, shortlist ?? 200, ImageOf);
            Assert.All(answer.Hits, hit => Assert.True(hit.Id == hit.ImageId && hit.Caption is null));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Captions_for_an_image_are_those_that_scoring_everything_gives(int? top, int? shortlist)
    {
        for (var image = 0; image < Corpus.Count; image += 5)
        {
            var answer = await Serving.CaptionsAsync(Corpus.Ids[image], top, shortlist);
            var (scores, coarse) = served.Oracle.OfImage(image);
            AnswerAssert.IsBest(answer, scores, coarse, top ?? 10, shortlist ?? 200, CaptionOf);
            Assert.Null(answer.Query);
            Assert.All(answer.Hits, hit => Assert.Equal((Corpus.AllCaptions[CaptionOf(hit.Id)], hit.Id[..hit.Id.LastIndexOf('#')]), (hit.Caption, hit.ImageId)));
        }
    }

    [Fact]
    public async Task The_same_request_has_the_same_answer_to_the_last_bit()
    {
        var first = await Serving.ImagesAsync("a red dog", 40);
        for (var i = 0; i < 5; i++)
        {
            var again = await Serving.ImagesAsync("a red dog", 40);
            Assert.Equal(first.Hits.Select(hit => (hit.Id, hit.Score, hit.Coarse)), again.Hits.Select(hit => (hit.Id, hit.Score, hit.Coarse)));
        }

        // Three images are alike: their order is that of the index, unless the last digit tells them apart.
        var alike = first.Hits.Where(hit => ImageOf(hit.Id) is 20 or 30 or 31).ToList();
        Assert.Equal(3, alike.Count);
        Assert.All(alike.Zip(alike.Skip(1)), pair => Assert.True(pair.First.Score > pair.Second.Score || pair.First.Coarse.Rank < pair.Second.Coarse.Rank));
        var byCoarse = alike.OrderBy(hit => hit.Coarse.Rank).ToList();
        Assert.All(byCoarse.Zip(byCoarse.Skip(1)), pair => Assert.True(
            pair.First.Coarse.Score > pair.Second.Coarse.Score || ImageOf(pair.First.Id) < ImageOf(pair.Second.Id)));
    }

    [Fact]
    public async Task Without_a_ranking_in_the_bundle_hits_are_in_the_order_of_the_score_whatever_the_request_says()
    {
        foreach (var rankBy in new RankBy?[] { null, RankBy.Both, RankBy.Score })
        {
            using var answer = await Serving.Search.SearchAsync(new ImageSearchRequest { Caption = Corpus.AllCaptions[4], Top = 40, RankBy = rankBy }, TestContext.Current.CancellationToken);

            Assert.Equal(40, answer.Hits.Count);
            Assert.All(answer.Hits, hit => Assert.Equal((hit.Rank, (double)hit.Score!.Value), (hit.ScoreRank!.Value, hit.RankingScore!.Value)));
            Assert.Equal(answer.Hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Coarse.Rank), answer.Hits);
        }
    }

    [Fact]
    public async Task The_answer_says_how_the_caption_was_read()
    {
        var answer = await Serving.ImagesAsync("A man with a zzyzx dog, zzyzx and a qwrtz!");

        Assert.Equal(["a", "man", "with", "a", "zzyzx", "dog", ",", "zzyzx", "and", "a", "qwrtz", "!"], answer.Query!.Tokens);
        Assert.Contains("zzyzx", answer.Query.UnknownTokens);
        Assert.Contains("qwrtz", answer.Query.UnknownTokens);
        Assert.Single(answer.Query.UnknownTokens, word => word == "zzyzx");
        Assert.False(answer.Query.Truncated);
        Assert.True((await Serving.ImagesAsync(string.Join(' ', Enumerable.Repeat("dog", 60)))).Query!.Truncated);
        Assert.False((await Serving.ImagesAsync(string.Join(' ', Enumerable.Repeat("dog", 48)))).Query!.Truncated);
    }

    [Fact]
    public async Task The_answer_names_model_index_and_stages()
    {
        var answer = await Serving.ImagesAsync("a dog");

        Assert.Equal(Bundle.Model.Label, answer.Model);
        Assert.Equal(Serving.Snapshots.Status!.IndexEpoch, answer.IndexEpoch);
        Assert.Equal(["tokenize", "queue", "encode", "shortlist", "score", "assemble"], answer.Stages.Select(stage => stage.Stage));
    }

    [Theory]
    [InlineData(0, null, null, "top")]
    [InlineData(-1, null, null, "top")]
    [InlineData(1001, null, null, "top")]
    [InlineData(int.MaxValue, null, null, "top")]
    [InlineData(null, 0, null, "shortlist")]
    [InlineData(null, 10_001, null, "shortlist")]
    [InlineData(null, null, 0, "deadlineMs")]
    [InlineData(null, null, 600_001, "deadlineMs")]
    public async Task Numbers_out_of_bounds_are_refused_by_field(int? top, int? shortlist, int? deadline, string field)
    {
        Assert.Equal(field, (await Assert.ThrowsAsync<InvalidInputException>(() => Serving.ImagesAsync("a dog", top, shortlist, deadline))).Field);
        Assert.Equal(field, (await Assert.ThrowsAsync<InvalidInputException>(() => Serving.CaptionsAsync(Corpus.Ids[0], top, shortlist, deadline))).Field);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \t\n")]
    [InlineData("a\0dog")]
    [InlineData("half a pair")]
    public async Task A_caption_that_is_none_is_refused(string caption) =>
        Assert.Equal("caption", (await Assert.ThrowsAsync<InvalidInputException>(() => Serving.ImagesAsync(caption == "half a pair" ? "a \ud800 dog" : caption))).Field);

    [Theory]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("IMG#0001")]
    [InlineData("img#0001#0")]
    [InlineData("img#00010")]
    public async Task An_unknown_image_is_said_to_be_unknown(string id)
    {
        Assert.Equal(id, (await Assert.ThrowsAsync<NotFoundException>(() => Serving.CaptionsAsync(id))).Id);
        Assert.Equal("image", Assert.Throws<NotFoundException>(() => Serving.Images.Read(id)).Kind);
    }

    [Fact]
    public void An_image_is_given_as_it_was_ingested()
    {
        var image = Serving.Images.Read(Corpus.Ids[3]);

        Assert.Equal(Corpus.Captions[3], image.Captions.Select(caption => caption.Text));
        Assert.Equal(["img#0003#0", "img#0003#1", "img#0003#2"], image.Captions.Select(caption => caption.Id));
        Assert.Equal("Bonn", image.Metadata!.Value.GetProperty("place").GetString());
        Assert.Equal(Bundle.Regions, image.Boxes!.Count);
        Assert.Equal([(3f * 144) + 4, (3f * 144) + 5, (3f * 144) + 6, (3f * 144) + 7], image.Boxes[1]);
        Assert.Null(Serving.Images.Read(Corpus.Ids[4]).Metadata);
    }

    [Fact]
    public async Task Pairs_are_scored_by_text_by_id_and_mixed_in_the_order_asked_for()
    {
        var random = new Random(6);
        var pairs = new List<ScorePair>();
        var expected = new List<float>();
        for (var i = 0; i < 300; i++)
        {
            var image = random.Next(Corpus.Count);
            var caption = random.Next(served.Oracle.Captions);
            pairs.Add(random.Next(2) == 0
                ? new ScorePair(Corpus.Ids[image], Corpus.AllCaptions[caption], null)
                : new ScorePair(Corpus.Ids[image], null, $"{Corpus.Ids[caption / 3]}#{caption % 3}"));
            expected.Add(served.Oracle.Scores[(image * served.Oracle.Captions) + caption]);
        }

        foreach (var take in new[] { 1, 2, 63, 64, 65, 300 })
        {
            var answer = await Serving.Search.ScoreAsync([.. pairs.Take(take)], TestContext.Current.CancellationToken);
            Assert.Equal(take, answer.Scores.Count);
            Assert.All(answer.Scores.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
            Assert.Equal(["tokenize", "queue", "encode", "score"], answer.Stages.Select(stage => stage.Stage));
        }

        var twice = await Serving.Search.ScoreAsync([.. pairs.Take(20), .. pairs.Take(20)], TestContext.Current.CancellationToken);
        Assert.All(twice.Scores.Take(20).Zip(twice.Scores.Skip(20)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public async Task Pairs_that_cannot_be_scored_are_refused()
    {
        Task<ScoreAnswer> Score(params ScorePair[] pairs) => Serving.Search.ScoreAsync(pairs, TestContext.Current.CancellationToken);
        var good = new ScorePair(Corpus.Ids[0], "a dog", null);

        Assert.Equal("pairs", (await Assert.ThrowsAsync<InvalidInputException>(() => Score())).Field);
        Assert.Equal("pairs", (await Assert.ThrowsAsync<InvalidInputException>(() => Score([.. Enumerable.Repeat(good, 10_001)]))).Field);
        Assert.Equal("pairs[1]", (await Assert.ThrowsAsync<InvalidInputException>(() => Score(good, new ScorePair(Corpus.Ids[0], null, null)))).Field);
        Assert.Equal("pairs[1]", (await Assert.ThrowsAsync<InvalidInputException>(() => Score(good, new ScorePair(Corpus.Ids[0], "a dog", "img#0000#0")))).Field);
        Assert.Equal("pairs[1].caption", (await Assert.ThrowsAsync<InvalidInputException>(() => Score(good, new ScorePair(Corpus.Ids[0], " ", null)))).Field);
        Assert.Equal("image", (await Assert.ThrowsAsync<NotFoundException>(() => Score(good, new ScorePair("nobody", "a dog", null)))).Kind);
        foreach (var id in new[] { "img#0000#3", "img#0000#-1", "img#0000#", "img#0000", "nobody#0", "#0", "", "img#0000#00", "img#0000# 0", "img#0000#99999999999" })
        {
            Assert.Equal("caption", (await Assert.ThrowsAsync<NotFoundException>(() => Score(good, new ScorePair(Corpus.Ids[0], null, id)))).Kind);
        }
    }

    [Fact]
    public async Task Many_requests_at_once_get_the_answers_they_get_alone()
    {
        var alone = new List<IEnumerable<(string, float?)>>();
        foreach (var caption in Corpus.AllCaptions.Take(30))
        {
            alone.Add((await Serving.ImagesAsync(caption)).Hits.Select(hit => (hit.Id, hit.Score)));
        }

        var together = await Task.WhenAll(Corpus.AllCaptions.Take(30).Select(caption => Task.Run(() => Serving.ImagesAsync(caption))));

        Assert.All(alone.Zip(together), pair => Assert.Equal(pair.First, pair.Second.Hits.Select(hit => (hit.Id, hit.Score))));
    }

    private int ImageOf(string id) => Array.IndexOf(Corpus.Ids, id);

    private int CaptionOf(string id) => (Array.IndexOf(Corpus.Ids, id[..^2]) * 3) + (id[^1] - '0');
}
