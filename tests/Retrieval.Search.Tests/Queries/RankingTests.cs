using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests.Queries;

/// <summary>Hits in the order that the bundle's ranking says: t(score) + coarse weight · coarse, against scores and embeddings computed otherwise.</summary>
public sealed class RankingTests(RankedCorpus ranked) : IClassFixture<RankedCorpus>
{
    // Of a logit: float32 has the score that the oracle takes it from with seven digits.
    private const double Error = 1e-4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("logit", RankBy.Both, 30, 30)]
    [InlineData("logit", RankBy.Score, 30, 30)]
    [InlineData("logit", null, 5, 11)]
    [InlineData("logit", RankBy.Score, 5, 11)]
    [InlineData("identity", null, 30, 30)]
    [InlineData("identity", RankBy.Score, 30, 30)]
    [InlineData("identity", RankBy.Both, 4, 9)]
    [InlineData("exported", null, 30, 30)]
    [InlineData("exported", RankBy.Score, 30, 30)]
    [InlineData("exported", RankBy.Both, 3, 13)]
    public async Task Hits_are_in_the_order_of_both_stages_or_of_the_score_alone(string bundle, RankBy? rankBy, int top, int shortlist)
    {
        using var serving = ranked.Bundles[bundle].Serve();
        var other = 0;
        foreach (var query in Queries(top, shortlist, rankBy))
        {
            using var answer = await serving.Search.SearchAsync(query, Token);
            IsOracles(ranked.Bundles[bundle], query, answer);
            other += answer.Hits.Count(hit => hit.Rank != hit.ScoreRank);
        }

        // If both orders were the same, the test would show nothing.
        Assert.True(rankBy == RankBy.Score ? other == 0 : other > 20, $"{other} hits have another rank by the score alone");
    }

    [Fact]
    public async Task Queries_that_share_batches_and_requests_are_ordered_as_alone()
    {
        using var serving = ranked.Logit.Serve(pairsPerCall: 64);
        List<SearchRequest> queries = [.. Queries(10, 20, null), .. Queries(10, 20, RankBy.Score)];
        var alone = new List<IReadOnlyList<SearchHit>>();
        foreach (var query in queries)
        {
            using var answer = await serving.Search.SearchAsync(query, Token);
            alone.Add(answer.Hits);
        }

        var outcomes = await new BatchSearch(serving.Search, 10_000).SearchAsync([.. queries.Select(query => new BatchEntry(query))], TimeProvider.System.GetTimestamp(), Token);

        for (var i = 0; i < queries.Count; i++)
        {
            using var answer = outcomes[i].Answer!;
            IsOracles(ranked.Logit, queries[i], answer);
            Assert.Equal(alone[i].Select(hit => (hit.Id, hit.ScoreRank)), answer.Hits.Select(hit => (hit.Id, hit.ScoreRank)));
        }
    }

    [Fact]
    public async Task Probabilities_that_are_all_1_in_float32_are_ordered_by_their_logits()
    {
        using var serving = ranked.Logit.Serve();
        var saturated = 0;
        foreach (var query in Queries(30, 60, RankBy.Score))
        {
            using var answer = await serving.Search.SearchAsync(query, Token);
            var ones = answer.Hits.Where(hit => hit.Score == 1).ToList();
            Assert.Equal(ones.OrderByDescending(hit => OracleOf(ranked.Logit, query).Transformed[CandidateOf(hit.Id, query is ImageSearchRequest)]).Select(hit => hit.Id), ones.Select(hit => hit.Id));
            saturated += ones.Count(one => ones.Exists(next => next.Rank == one.Rank + 1 && next.RankingScore < one.RankingScore && next.Coarse.Rank < one.Coarse.Rank));
        }

        // Pairs of neighbours that an order by float32 probabilities, and by coarse rank where they are equal, would have turned round.
        Assert.True(saturated > 20, $"{saturated} pairs");
    }

    [Fact]
    public async Task A_request_without_a_shortlist_has_the_bundles_of_its_direction()
    {
        using var serving = ranked.Logit.Serve();

        Assert.Equal((12, 17), await ShortlistedAsync(serving, null, 5));
        Assert.Equal((9, 9), await ShortlistedAsync(serving, 9, 5));
        Assert.Equal((25, 25), await ShortlistedAsync(serving, null, 25));
        Assert.Equal((12, 17), await ShortlistedAsync(serving, null, null));
        Assert.Equal(17, serving.Search.UsualShortlist);
    }

    [Theory]
    [InlineData(14, 10_000, 14, 14)]
    [InlineData(25, 10_000, 25, 25)]
    [InlineData(null, 15, 12, 15)]
    [InlineData(null, 11, 11, 11)]
    [InlineData(3, 11, 10, 10)]
    public async Task The_operators_own_default_wins_and_the_most_allowed_bounds_the_bundles(int? own, int most, int images, int captions)
    {
        using var serving = ranked.Logit.Serve(new SearchOptions { DefaultShortlist = own, MaxShortlist = most });

        Assert.Equal((images, captions), await ShortlistedAsync(serving, null, null));
    }

    [Fact]
    public void The_cost_of_a_request_is_that_of_the_shortlist_it_gets()
    {
        using var serving = ranked.Logit.Serve();
        using var own = ranked.Logit.Serve(new SearchOptions { DefaultShortlist = 300 });
        using var snapshot = serving.Snapshots.Acquire();
        var (byCaption, byImage) = (new ImageSearchRequest { Caption = "a dog" }, new CaptionSearchRequest { ImageId = "img#0000" });
        var encoding = Inference.Batching.CaptionItem.CostOfOne;

        Assert.Equal((12L + encoding, 17L), (serving.Search.LimitsOf(byCaption, 0).Cost, serving.Search.LimitsOf(byImage, 0).Cost));
        Assert.Equal((300L + encoding, 300L), (own.Search.LimitsOf(byCaption, 0).Cost, own.Search.LimitsOf(byImage, 0).Cost));

        // Admission is for eight searches of that size, or for eight batches of the device if those are larger.
        serving.Queues.BoundAdmission(snapshot.Model, new SearchOptions());
        Assert.Equal(8 * (17 + encoding), serving.Queues.Device.MostAdmitted);
        serving.Queues.BoundAdmission(snapshot.Model, new SearchOptions { DefaultShortlist = 300 });
        Assert.Equal(8 * (300 + encoding), serving.Queues.Device.MostAdmitted);
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task What_a_deadline_leaves_unscored_follows_the_ranked_ones_in_coarse_order()
    {
        var time = new ManualTime();
        using var serving = ranked.Logit.Serve(time: time, pairsPerCall: 1);
        var device = serving.Queues.Device;
        Task<IDisposable>? turn = null;
        using var watch = new StageWatch(StageNames.Shortlist, () => turn = device.AcquireExclusiveAsync(1, CancellationToken.None));
        var searching = serving.ImagesAsync(ranked.Corpus.AllCaptions[5], 30, 30, deadlineMs: 50);
        await Eventually.TrueAsync(() => turn is not null && device.State.WaitingCost == 30, "all pairs wait");

        // A pair or two are scored, and the deadline passes.
        serving.AfterFewBatches(() => time.Advance(TimeSpan.FromMinutes(1)));
        (await turn!).Dispose();

        using var answer = await searching;
        var scored = answer.Hits.Take(answer.Reranked).ToList();
        Assert.InRange(answer.Reranked, 1, 29);
        Assert.Equal("deadline", answer.Degraded);
        Assert.Equal(scored.OrderByDescending(hit => hit.RankingScore).Select(hit => hit.Id), scored.Select(hit => hit.Id));
        Assert.Equal(Enumerable.Range(1, scored.Count), scored.Select(hit => hit.ScoreRank!.Value).Order());
        Assert.Equal(Enumerable.Range(1, scored.Count), scored.Select(hit => hit.Coarse.Rank).Order());
        Assert.Equal(Enumerable.Range(scored.Count + 1, 30 - scored.Count), answer.Hits.Skip(scored.Count).Select(hit => hit.Coarse.Rank));
        Assert.All(answer.Hits.Skip(scored.Count), hit => Assert.Equal((null, null, null), (hit.Score, hit.ScoreRank, hit.RankingScore)));
    }

    [Fact]
    public async Task Pairs_asked_for_by_name_have_scores_and_not_logits()
    {
        using var serving = ranked.Logit.Serve();
        using var found = await serving.ImagesAsync(ranked.Corpus.AllCaptions[7], 30, 30);

        var answer = await serving.Search.ScoreAsync([.. found.Hits.Select(hit => new ScorePair(hit.Id, ranked.Corpus.AllCaptions[7]))], Token);

        Assert.All(found.Hits.Zip(answer.Scores), pair => Assert.Equal(pair.First.Score!.Value, pair.Second, 1e-6f));
        Assert.All(answer.Scores, score => Assert.InRange(score, 0, 1));
    }

    private IEnumerable<SearchRequest> Queries(int top, int shortlist, RankBy? rankBy)
    {
        for (var caption = 0; caption < RankedCorpus.Images * RankedCorpus.PerImage; caption += 7)
        {
            yield return new ImageSearchRequest { Caption = ranked.Corpus.AllCaptions[caption], Top = top, Shortlist = shortlist, RankBy = rankBy };
        }

        for (var image = 0; image < RankedCorpus.Images; image += 4)
        {
            yield return new CaptionSearchRequest { ImageId = ranked.Corpus.Ids[image], Top = top, Shortlist = shortlist, RankBy = rankBy };
        }
    }

    private void IsOracles(RankedBundle bundle, SearchRequest query, SearchAnswer answer)
    {
        var byCaption = query is ImageSearchRequest;
        var (transformed, coarse) = OracleOf(bundle, query);
        var weight = query.RankBy == RankBy.Score ? 0 : byCaption ? bundle.Spec.TextToImage.CoarseWeight : bundle.Spec.ImageToText.CoarseWeight;
        double Value(int candidate) => transformed[candidate] + (weight * coarse[candidate]);
        var listed = Enumerable.Range(0, coarse.Length).OrderByDescending(candidate => coarse[candidate]).Take(query.Shortlist!.Value).ToArray();
        var expected = listed.OrderByDescending(Value).ToArray();

        Assert.Equal((listed.Length, listed.Length, null), (answer.Shortlisted, answer.Reranked, answer.Degraded));
        Assert.Equal(Enumerable.Range(1, query.Top!.Value), answer.Hits.Select(hit => hit.Rank));
        foreach (var hit in answer.Hits)
        {
            var candidate = CandidateOf(hit.Id, byCaption);
            Assert.Contains(candidate, listed);
            Assert.Equal(Value(candidate), hit.RankingScore!.Value, Error);
            Assert.Equal(Value(expected[hit.Rank - 1]), hit.RankingScore.Value, Error);
            Assert.Equal(coarse[candidate], hit.Coarse.Score, 1e-5);
            Assert.Equal(bundle.Spec.Transform == ScoreTransform.Logit ? 1 / (1 + Math.Exp(-transformed[candidate])) : transformed[candidate], hit.Score!.Value, 1e-5);
            Assert.InRange(
                hit.ScoreRank!.Value,
                1 + listed.Count(other => transformed[other] > transformed[candidate] + Error),
                listed.Count(other => transformed[other] >= transformed[candidate] - Error));
        }

        // By the very numbers that are shown, in float64.
        Assert.All(answer.Hits.Zip(answer.Hits.Skip(1)), pair => Assert.True(
            pair.First.RankingScore > pair.Second.RankingScore || (pair.First.RankingScore == pair.Second.RankingScore && pair.First.Coarse.Rank < pair.Second.Coarse.Rank)));
        Assert.Equal(answer.Hits.Count, answer.Hits.Select(hit => hit.ScoreRank).Distinct().Count());
    }

    private (double[] Transformed, double[] Coarse) OracleOf(RankedBundle bundle, SearchRequest query) => query is ImageSearchRequest images
        ? bundle.OfCaption(Array.IndexOf(ranked.Corpus.AllCaptions, images.Caption))
        : bundle.OfImage(Array.IndexOf(ranked.Corpus.Ids, ((CaptionSearchRequest)query).ImageId));

    private int CandidateOf(string id, bool image)
    {
        var mark = image ? id.Length : id.LastIndexOf('#');
        var row = Array.IndexOf(ranked.Corpus.Ids, id[..mark]);
        return image ? row : (row * RankedCorpus.PerImage) + int.Parse(id[(mark + 1)..], CultureInfo.InvariantCulture);
    }

    private async Task<(int Images, int Captions)> ShortlistedAsync(Serving serving, int? shortlist, int? top)
    {
        using var images = await serving.ImagesAsync("a dog", top, shortlist);
        using var captions = await serving.CaptionsAsync(ranked.Corpus.Ids[3], top, shortlist);
        return (images.Shortlisted, captions.Shortlisted);
    }
}
