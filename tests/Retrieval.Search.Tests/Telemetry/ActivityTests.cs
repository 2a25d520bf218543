using System.Diagnostics;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests.Telemetry;

public sealed class ActivityTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    [Fact]
    public async Task A_query_is_an_activity_with_a_child_for_each_stage_that_says_nothing_of_what_was_asked()
    {
        using var test = new Activity("test").Start();
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SearchActivities.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (ended)
                {
                    ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        using var images = await served.Serving.ImagesAsync("a dog", 2);
        using var captions = await served.Serving.CaptionsAsync(served.Corpus.Ids[0], 2);
        await served.Serving.Search.ScoreAsync([new ScorePair(served.Corpus.Ids[0], "a dog", null)], TestContext.Current.CancellationToken);

        // Other tests ask at the same time.
        List<Activity> own;
        lock (ended)
        {
            own = ended.FindAll(activity => activity.TraceId == test.TraceId);
        }

        var queries = own.FindAll(activity => activity.ParentSpanId == test.SpanId);
        Assert.Equal([QueryKinds.Images, QueryKinds.Captions, QueryKinds.Score], queries.Select(query => query.OperationName));
        Assert.Equal(
            [
                [StageNames.Tokenize, StageNames.Queue, StageNames.Encode, StageNames.Queue, StageNames.Shortlist, StageNames.Queue, StageNames.Score, StageNames.Assemble],
                [StageNames.Queue, StageNames.Shortlist, StageNames.Queue, StageNames.Score, StageNames.Assemble],
                [StageNames.Tokenize, StageNames.Queue, StageNames.Encode, StageNames.Queue, StageNames.Score],
            ],
            queries.Select(query => Children(query).Select(child => child.OperationName).ToArray()));
        Assert.All(queries, query => Assert.All(Children(query), child => Assert.True(child.StartTimeUtc >= query.StartTimeUtc && child.Duration >= TimeSpan.Zero)));
        Assert.All(own, activity => Assert.True(!activity.TagObjects.Any() && !activity.Baggage.Any() && !activity.Events.Any()));
        Assert.Same(test, Activity.Current);

        IEnumerable<Activity> Children(Activity query) => own.Where(activity => activity.ParentSpanId == query.SpanId);
    }

    [Fact]
    public void Nothing_is_made_where_nobody_listens()
    {
        var least = long.MaxValue;
        for (var i = 0; i < 100; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            using var none = SearchActivities.Start(QueryKinds.Images);
            least = Math.Min(least, none is null ? GC.GetAllocatedBytesForCurrentThread() - before : long.MaxValue);
        }

        Assert.Equal(0, least);
    }
}
