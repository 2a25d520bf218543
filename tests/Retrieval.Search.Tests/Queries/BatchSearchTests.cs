using Retrieval.Domain.Errors;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests.Queries;

public sealed class BatchSearchTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    private BatchSearch Batch(int mostCandidates = 1000) => new(served.Serving.Search, mostCandidates);

    [Fact]
    public async Task A_query_that_fails_has_its_reason_in_its_place_and_does_not_disturb_the_others()
    {
        var outcomes = await Batch().SearchAsync(
            [
                new BatchEntry(new ImageSearchRequest { Caption = "a dog", Top = 3, Shortlist = 10 }),
                new BatchEntry(new InvalidInputException("is no query", field: "top")),
                new BatchEntry(new CaptionSearchRequest { ImageId = "nobody", Shortlist = 10 }),
                new BatchEntry(new ImageSearchRequest { Caption = "a dog", Top = 0 }),
                new BatchEntry(new CaptionSearchRequest { ImageId = served.Corpus.Ids[0], Top = 4, Shortlist = 10 }),
            ],
            TimeProvider.System.GetTimestamp(),
            TestContext.Current.CancellationToken);

        Assert.Equal((3, 4), (outcomes[0].Answer!.Hits.Count, outcomes[4].Answer!.Hits.Count));
        Assert.Equal("top", Assert.IsType<InvalidInputException>(outcomes[1].Fault).Field);
        Assert.IsType<NotFoundException>(outcomes[2].Fault);
        Assert.Equal("top", Assert.IsType<InvalidInputException>(outcomes[3].Fault).Field);
        Array.ForEach(outcomes, outcome => outcome.Answer?.Dispose());
        Assert.Equal(0, served.Serving.Queues.Device.State.Admitted);
    }

    [Fact]
    public async Task All_deadlines_count_from_when_the_batch_had_come()
    {
        var longAgo = TimeProvider.System.GetTimestamp() - (60 * TimeProvider.System.TimestampFrequency);

        var outcomes = await Batch().SearchAsync(
            [new BatchEntry(new ImageSearchRequest { Caption = "a dog", DeadlineMs = 59_000 }), new BatchEntry(new ImageSearchRequest { Caption = "a dog", DeadlineMs = 600_000 })],
            longAgo,
            TestContext.Current.CancellationToken);

        Assert.Contains("the deadline of 59000 ms", Assert.IsType<DeadlineExceededException>(outcomes[0].Fault).Message, StringComparison.Ordinal);
        using var answer = outcomes[1].Answer;
        Assert.Null(answer!.Degraded);
    }

    [Fact]
    public async Task More_candidates_in_all_than_there_may_be_are_refused_before_anything_is_done()
    {
        BatchEntry[] queries = [.. Enumerable.Repeat(new BatchEntry(new ImageSearchRequest { Caption = "a dog", Top = 7, Shortlist = 3 }), 3)];

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => Batch(20).SearchAsync(queries, 0, TestContext.Current.CancellationToken));

        Assert.Equal("queries", refused.Field);
        Assert.Contains("ask for 21 candidates in all; expected at most 20", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_loaded_the_whole_batch_fails()
    {
        using var snapshots = new SnapshotSource(new SnapshotOptions { Bundle = Bundle.Path, Index = "nowhere", Inference = Bundle.Inference });
        using var queues = new ComputeQueues();
        using var search = new SearchService(snapshots, new SearchOptions(), SearchMetrics.None, TimeProvider.System, queues);

        await Assert.ThrowsAsync<NotReadyException>(() => new BatchSearch(search, 1000).SearchAsync(
            [new BatchEntry(new ImageSearchRequest { Caption = "a dog" })], 0, TestContext.Current.CancellationToken));
        Assert.Equal(0, queues.Device.State.Admitted);
    }

    [Fact]
    public async Task A_caller_is_charged_for_all_searches_and_not_for_those_that_run_at_once()
    {
        var charged = new List<long>();
        using var queues = new ComputeQueues { Charge = charged.Add };
        using var search = new SearchService(served.Serving.Snapshots, new SearchOptions(), SearchMetrics.None, TimeProvider.System, queues);
        var request = new ImageSearchRequest { Caption = "a dog" };
        (await search.SearchAsync(request, TestContext.Current.CancellationToken)).Dispose();

        var outcomes = await new BatchSearch(search, 100_000).SearchAsync([.. Enumerable.Range(0, 20).Select(_ => new BatchEntry(request))], 0, TestContext.Current.CancellationToken);

        Array.ForEach(outcomes, outcome => outcome.Answer!.Dispose());
        Assert.Equal(20 * charged[0], charged[1]);
    }

    [Theory]
    [InlineData(4, 4 * 216, 216, 216, 216, 216, 216)]
    [InlineData(2, 500, 100, 150, 200, 300)]
    [InlineData(1, 10_000, 10_000, 16, 16)]
    [InlineData(2, 2, 1, 1)]
    public void As_many_run_at_once_as_cost_what_four_of_the_default_size_do(int atOnce, long cost, params int[] costs) =>
        Assert.Equal((atOnce, cost), BatchSearch.AtOnce([.. costs.Select(each => (long)each)], 216));

    [Fact]
    public async Task A_search_without_room_of_its_own_is_not_begun()
    {
        var search = served.Serving.Search;
        var request = new ImageSearchRequest { Caption = "a dog" };
        var limits = search.LimitsOf(request, 0);
        var permit = search.Admit(limits.Cost);
        permit.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => search.SearchAsync(request, limits, permit, TestContext.Current.CancellationToken));
        using var own = WorkPermit.ForOwnWork();
        using var answer = await search.SearchAsync(request, limits, own, TestContext.Current.CancellationToken);
        Assert.Equal(10, answer.Hits.Count);
    }
}
