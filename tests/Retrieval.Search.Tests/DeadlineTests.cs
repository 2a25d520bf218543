using System.Diagnostics;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests;

public sealed class DeadlineTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    // Time stamps of an image search: the clock is made, then tokenize, queue, encode, shortlist, score, assemble end.
    private const int Queued = 3;
    private const int Encoded = 4;
    private const int ShortlistEnded = 5;

    [Fact]
    public async Task A_deadline_that_passes_while_reranking_leaves_the_rest_in_coarse_order_without_scores()
    {
        var degraded = 0;
        for (var attempt = 0; attempt < 60 && degraded < 3; attempt++)
        {
            var time = new ManualTime();
            using var serving = new Serving(served.Folder.Index, time, pairsPerCall: 1);
            var wait = TimeSpan.FromMicroseconds(100 * Math.Pow(1.15, attempt));
            Task? firing = null;

            // The clock cannot be hooked between two calls of the scorer, so another thread lets the deadline pass a
            // while after the first of them; how long is found by trying.
            time.OnStamp = stamp =>
            {
                if (stamp == ShortlistEnded)
                {
                    firing = Task.Factory.StartNew(() =>
                    {
                        var watch = Stopwatch.StartNew();
                        while (watch.Elapsed < wait)
                        {
                            Thread.SpinWait(20);
                        }

                        time.Fire();
                    }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                }
            };
            var answer = await serving.ImagesAsync(served.Corpus.AllCaptions[5], 40, 40, deadlineMs: 50);
            degraded += IsDegradedRightly(answer) && answer.Reranked > 0 ? 1 : 0;
            await firing!;
        }

        Assert.True(degraded > 0, "no deadline passed in the midst of reranking");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Queued)]
    [InlineData(Encoded)]
    public async Task A_deadline_that_passes_before_there_is_a_shortlist_is_an_error(int stamp)
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time);
        var fired = false;
        time.OnStamp = found =>
        {
            // From the moment on that the timer is made, which is behind the second stamp.
            if (found >= Math.Max(stamp, Queued) && !fired)
            {
                fired = true;
                time.Fire();
            }
        };

        var error = await Assert.ThrowsAsync<DeadlineExceededException>(() => serving.ImagesAsync("a dog", deadlineMs: 77));

        Assert.Contains("77", error.Message, StringComparison.Ordinal);
        time.OnStamp = null;
        Assert.Equal(10, (await serving.ImagesAsync("a dog")).Hits.Count);
    }

    [Fact]
    public async Task A_deadline_that_passes_before_anything_is_reranked_leaves_the_coarse_order_and_is_counted_once()
    {
        var time = new ManualTime();
        using var serving = new Serving(served.Folder.Index, time);
        using var counting = new DegradedCount(serving);
        time.OnStamp = stamp =>
        {
            if (stamp == ShortlistEnded)
            {
                time.Fire();
            }
        };

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
        time.OnStamp = stamp =>
        {
            if (stamp == ShortlistEnded)
            {
                serving.Search.Dispose();
            }
        };

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
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        time.OnStamp = stamp =>
        {
            if (stamp == Queued)
            {
                // The first request has the device and stays on it.
                reached.Set();
                go.Wait(TestContext.Current.CancellationToken);
            }
        };
        var first = Task.Run(() => serving.ImagesAsync("a dog"), TestContext.Current.CancellationToken);
        Assert.True(reached.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        using var stop = new CancellationTokenSource();
        var cancelled = serving.ImagesAsync("a cat", stop: stop.Token);
        var cancelledScore = serving.Search.ScoreAsync([new ScorePair(served.Corpus.Ids[0], "a cat", null)], stop.Token);
        var late = serving.CaptionsAsync(served.Corpus.Ids[0], deadlineMs: 5);
        var patient = serving.ImagesAsync("a red cat");
        Assert.All(new Task[] { cancelled, cancelledScore, late, patient }, task => Assert.False(task.IsCompleted));

        await stop.CancelAsync();
        time.Fire();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelledScore);
        await Assert.ThrowsAsync<DeadlineExceededException>(() => late);
        Assert.False(patient.IsCompleted);
        go.Set();

        Assert.Equal(10, (await first).Hits.Count);
        Assert.Equal(10, (await patient).Hits.Count);
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
