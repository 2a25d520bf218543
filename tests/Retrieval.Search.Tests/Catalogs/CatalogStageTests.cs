using System.Diagnostics.Metrics;
using Retrieval.Search.Queries;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Search.Tests.Catalogs;

/// <summary>A search whose catalog is not there: nobody listens on the port.</summary>
public sealed class CatalogStageTests : IAsyncLifetime, IMeterFactory
{
    private readonly IndexFolder _folder = new();
    // Deadlines are timestamps of one clock: that of the tests whose deadlines pass begins where this one stands still.
    private readonly ComputeQueues _queues = new(time: new ManualTime());
    private readonly Catalog _nobody = new(new CatalogOptions { ConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Timeout=1" });
    // Once it is down it stays down: no time passes in which it would be tried again.
    private readonly CatalogCircuitBreaker _link = new(new ManualTime());
    private readonly List<Meter> _meters = [];
    private SnapshotSource _snapshots = null!;

    public async ValueTask InitializeAsync()
    {
        await Ingest.RunAsync(Corpus.Make(30, 2, 5).AsSource(), _folder.Index);
        _snapshots = new SnapshotSource(new SnapshotOptions { Bundle = Bundle.Path, Index = _folder.Index, Inference = Bundle.Inference });
        _snapshots.Switch(new ServedIndex(_folder.Index, "blue", 1, Bundle.Model.Fingerprint), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _queues.Dispose();
        _snapshots.Dispose();
        await _nobody.DisposeAsync();
        _meters.ForEach(meter => meter.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public async Task The_exact_shortlist_answers_with_the_very_hits_and_says_so()
    {
        using var search = Service(TimeProvider.System);
        using var exact = new Serving(_folder.Index);
        var token = TestContext.Current.CancellationToken;
        for (var i = 0; i < 3; i++)
        {
            var found = await search.SearchAsync(new ImageSearchRequest { Caption = "a red dog" }, token);
            var expected = await exact.ImagesAsync("a red dog");
            Assert.Equal("catalog-unavailable", found.Degraded);
            Assert.Equal(expected.Hits.Select(hit => (hit.Id, hit.Score, hit.Coarse)), found.Hits.Select(hit => (hit.Id, hit.Score, hit.Coarse)));
            var captions = await search.SearchAsync(new CaptionSearchRequest { ImageId = found.Hits[0].Id }, token);
            Assert.Equal((await exact.CaptionsAsync(found.Hits[0].Id)).Hits.Select(hit => (hit.Id, hit.Score)), captions.Hits.Select(hit => (hit.Id, hit.Score)));
            Assert.Equal(("catalog-unavailable", false), (captions.Degraded, _link.MayAsk));
        }
    }

    // The catalog is asked for a shortlist first and does not answer; the stage then runs again without it.
    [Theory]
    [InlineData(StageNames.Encode, 1, false, null)]
    [InlineData(StageNames.Shortlist, 1, false, null)]
    [InlineData(StageNames.Shortlist, 2, true, "catalog-unavailable,deadline")]
    [InlineData(StageNames.Score, 1, true, "catalog-unavailable")]
    public async Task Where_the_deadline_passes_too_both_reasons_are_named(string stage, int time, bool answered, string? degraded)
    {
        var clock = new ManualTime();
        using var search = Service(clock);
        using var watch = new StageWatch(stage, () => clock.Advance(TimeSpan.FromMinutes(1)), time);
        var asking = search.SearchAsync(new ImageSearchRequest { Caption = "a red dog", DeadlineMs = 1000 }, TestContext.Current.CancellationToken);
        if (answered)
        {
            using var answer = await asking;
            Assert.Equal(degraded, answer.Degraded);
            Assert.Equal(stage == StageNames.Score ? answer.Shortlisted : 0, answer.Reranked);
        }
        else
        {
            await Assert.ThrowsAsync<DeadlineExceededException>(() => asking);
        }

        Assert.True(watch.Happened(time));
    }

    Meter IMeterFactory.Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    void IDisposable.Dispose()
    {
    }

    private SearchService Service(TimeProvider time)
    {
        var metrics = new SearchMetrics(this);
        return new SearchService(_snapshots, new SearchOptions(), metrics, time, _queues, new CatalogStage(_nobody, _link, TimeSpan.FromMilliseconds(250), metrics, time));
    }
}
