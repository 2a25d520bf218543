using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests.Queries;

[Trait("Promise", "2")]
public sealed class DeadlineTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_deadline_that_passes_while_reranking_leaves_the_rest_in_coarse_order_without_scores()
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time, pairsPerCall: 1);
        var device = serving.Queues.Device;
        Task<IDisposable>? turn = null;
        using var watch = new StageWatch(StageNames.Shortlist, () => turn = device.AcquireExclusiveAsync(1, CancellationToken.None));
        var searching = serving.ImagesAsync(served.Corpus.AllCaptions[5], 40, 40, deadlineMs: 50);
        await Eventually.TrueAsync(() => turn is not null && device.State.WaitingCost == 40, "all pairs wait");

        // A pair or two are scored, and the deadline passes.
        serving.AfterFewBatches(() => time.Advance(Long));
        (await turn!).Dispose();

        var answer = await searching;
        Assert.InRange(answer.Reranked, 1, 3);
        Assert.True(IsDegradedRightly(answer));
    }

    [Fact]
    public async Task A_deadline_that_passes_before_there_is_a_shortlist_is_an_error()
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time);
        using var watch = new StageWatch(StageNames.Encode, () => time.Advance(Long));

        var error = await Assert.ThrowsAsync<DeadlineExceededException>(() => serving.ImagesAsync("a dog", deadlineMs: 77));

        Assert.Contains("77", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await serving.ImagesAsync("a dog")).Hits.Count);
    }

    [Fact]
    public async Task A_deadline_that_passes_before_anything_is_reranked_leaves_the_coarse_order_and_is_counted_once()
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time);
        using var counting = new DegradedCount(serving);
        using var watch = new StageWatch(StageNames.Shortlist, () => time.Advance(Long));

        var answer = await serving.ImagesAsync(served.Corpus.AllCaptions[5], 10, 40, deadlineMs: 77);

        Assert.Equal(("deadline", 40, 0), (answer.Degraded, answer.Shortlisted, answer.Reranked));
        Assert.All(answer.Hits, hit => Assert.Null(hit.Score));
        Assert.Equal(Enumerable.Range(1, 10), answer.Hits.Select(hit => hit.Coarse.Rank));
        Assert.Equal(1, counting.Value);
    }

    [Fact]
    public async Task A_service_that_is_disposed_answers_what_it_has_begun_and_nothing_more()
    {
        var time = new ManualTime();
        var serving = new Serving(served.Folder.Index, time);
        using var watch = new StageWatch(StageNames.Shortlist, serving.Search.Dispose);

        Assert.Equal(10, (await serving.ImagesAsync("a dog")).Hits.Count);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving.ImagesAsync("a dog"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving.Search.ScoreAsync([new ScorePair(served.Corpus.Ids[0], "a dog", null)], TestContext.Current.CancellationToken));
        serving.Dispose();
    }

    [Fact]
    public async Task A_deadline_that_does_not_pass_changes_nothing()
    {
        using var serving = new Serving(served.Folder.Index, new ManualTime());

        Assert.Null((await serving.ImagesAsync("a dog", deadlineMs: 1)).Degraded);
        Assert.Null((await serving.CaptionsAsync(served.Corpus.Ids[0], deadlineMs: 1)).Degraded);
    }

    [Fact]
    public async Task Requests_that_wait_for_the_device_leave_when_cancelled_or_late_and_the_others_are_answered()
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time);
        var turn = await serving.Queues.Device.AcquireExclusiveAsync(1, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var cancelled = serving.ImagesAsync("a cat", stop: stop.Token);
        var cancelledScore = serving.Search.ScoreAsync([new ScorePair(served.Corpus.Ids[0], "a cat", null)], stop.Token);
        var late = serving.ImagesAsync("a late cat", deadlineMs: 5);
        var lateRerank = serving.CaptionsAsync(served.Corpus.Ids[0], deadlineMs: 5);
        var patient = serving.ImagesAsync("a red cat");
        // Four with captions to encode and one to rerank, which has its shortlist behind it.
        await Eventually.TrueAsync(() => serving.Queues.Device.State.Waiting == 5, "all wait for the device");
        Assert.All(new Task[] { cancelled, cancelledScore, late, lateRerank, patient }, task => Assert.False(task.IsCompleted));

        await stop.CancelAsync();
        time.Advance(Long);
        Assert.False(patient.IsCompleted);
        turn.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelledScore);
        await Assert.ThrowsAsync<DeadlineExceededException>(() => late);
        var answer = await lateRerank;
        Assert.Equal(("deadline", 0), (answer.Degraded, answer.Reranked));
        Assert.Equal(10, (await patient).Hits.Count);
        Assert.Equal((0, 0L), (serving.Queues.Device.State.Waiting, serving.Queues.Device.State.Admitted));
    }

    [Fact]
    public async Task A_request_whose_caller_has_left_is_not_begun()
    {
        var left = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => served.Serving.ImagesAsync("a dog", stop: left));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => served.Serving.CaptionsAsync(served.Corpus.Ids[0], stop: left));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => served.Serving.Search.ScoreAsync([new ScorePair(served.Corpus.Ids[0], "a dog", null)], left));
        Assert.Equal(10, (await served.Serving.ImagesAsync("a dog")).Hits.Count);
    }

    private bool IsDegradedRightly(SearchAnswer answer)
    {
        Assert.Equal((40, 40), (answer.Shortlisted, answer.Hits.Count));
        var scored = answer.Hits.TakeWhile(hit => hit.Score is not null).ToList();
        Assert.Equal(answer.Reranked, scored.Count);
        if (answer.Degraded is null)
        {
            Assert.Equal(40, scored.Count);
            return false;
        }

        Assert.Equal("deadline", answer.Degraded);
        var rest = answer.Hits.Skip(scored.Count).ToList();
        Assert.All(rest, hit => Assert.Null(hit.Score));
        Assert.Equal(Enumerable.Range(scored.Count + 1, rest.Count), rest.Select(hit => hit.Coarse.Rank));
        Assert.Equal(Enumerable.Range(1, scored.Count), scored.Select(hit => hit.Coarse.Rank).Order());
        Assert.All(scored.Zip(scored.Skip(1)), pair => Assert.True(pair.First.Score >= pair.Second.Score));
        var (scores, _) = served.Oracle.OfCaption(5);
        Assert.All(scored, hit => Assert.Equal(scores[Array.IndexOf(served.Corpus.Ids, hit.Id)], hit.Score!.Value, 1e-5f));
        return true;
    }
}
