using System.Diagnostics.Metrics;
using Retrieval.Domain.Images;
using Retrieval.Search.Queries;
using Retrieval.Search.Recall;

namespace Retrieval.Search.Tests.Recall;

/// <summary>What the gauge says of a shortlist, against an oracle that has scored every pair.</summary>
public sealed class RecallProbeTests(RankedCorpus corpus) : IClassFixture<RankedCorpus>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("logit", 1)]
    [InlineData("logit", 4)]
    [InlineData("logit", RankedCorpus.Images)]
    [InlineData("identity", 3)]
    public async Task A_caption_s_shortlist_is_measured_as_scoring_everything_says(string name, int shortlist)
    {
        var bundle = corpus.Bundles[name];
        using var serving = bundle.Serve(new SearchOptions { DefaultShortlist = shortlist, DefaultTop = 1 });
        for (var caption = 0; caption < corpus.Corpus.AllCaptions.Length; caption += 11)
        {
            var sampled = serving.Sampler.NextAsync(Cancelled);
            using var answer = await serving.ImagesAsync(corpus.Corpus.AllCaptions[caption]);
            var measured = await Probe(serving).MeasureAsync(await sampled, Cancelled);

            var (transformed, coarse) = bundle.OfCaption(caption);
            Check(measured!, "images", transformed, coarse, bundle.Spec.TextToImage.CoarseWeight, shortlist, corpus.Corpus.Ids.ToList().IndexOf(answer.Hits[0].Id));
        }
    }

    [Theory]
    [InlineData("logit", 2)]
    [InlineData("identity", 20)]
    public async Task An_image_s_shortlist_is_measured_as_scoring_everything_says(string name, int shortlist)
    {
        var bundle = corpus.Bundles[name];
        using var serving = bundle.Serve(new SearchOptions { DefaultShortlist = shortlist, DefaultTop = 1 });
        for (var image = 0; image < RankedCorpus.Images; image += 7)
        {
            var sampled = serving.Sampler.NextAsync(Cancelled);
            using var answer = await serving.CaptionsAsync(corpus.Corpus.Ids[image]);
            var measured = await Probe(serving).MeasureAsync(await sampled, Cancelled);

            var (transformed, coarse) = bundle.OfImage(image);
            var (of, position) = CaptionId.Parse(answer.Hits[0].Id);
            var first = (corpus.Corpus.Ids.ToList().IndexOf(of) * RankedCorpus.PerImage) + position;
            Check(measured!, "captions", transformed, coarse, bundle.Spec.ImageToText.CoarseWeight, shortlist, first);
        }
    }

    [Fact]
    public async Task Only_searches_of_the_default_size_are_sampled_and_one_at_a_time()
    {
        using var serving = corpus.Logit.Serve();
        (await serving.ImagesAsync("w5 w6")).Dispose();
        var sampled = serving.Sampler.NextAsync(Cancelled);

        (await serving.ImagesAsync("w5 w6", shortlist: 3)).Dispose();
        (await serving.ImagesAsync("w5 w6", top: corpus.Logit.Spec.TextToImage.Shortlist + 1)).Dispose();
        (await serving.Search.SearchAsync(new ImageSearchRequest { Caption = "w5 w6", RankBy = RankBy.Score }, Cancelled)).Dispose();
        (await serving.ImagesAsync("w5 w6", filter: new() { ["source"] = MetadataCondition.OfTexts("a") })).Dispose();
        Assert.False(sampled.IsCompleted);

        (await serving.CaptionsAsync(corpus.Corpus.Ids[2])).Dispose();
        (await serving.ImagesAsync("w5 w6")).Dispose();
        var query = await sampled;
        Assert.Equal((2L, null), (query.ImageSlot!.Value, query.TokenIds));
        Assert.Equal(corpus.Logit.Spec.ImageToText.Shortlist, query.Shortlist.Length);
    }

    [Fact]
    public async Task Nothing_is_computed_while_a_request_is_admitted()
    {
        var time = new ManualTime();
        using var serving = corpus.Logit.Serve();
        var sampled = serving.Sampler.NextAsync(Cancelled);
        (await serving.ImagesAsync("w5 w6")).Dispose();
        var permit = serving.Queues.Device.Admit(1);

        var measuring = new RecallProbe(serving.Queues, time).MeasureAsync(await sampled, Cancelled);
        await Eventually.TrueAsync(() => time.Waits.Count > 1, "it waits");
        Assert.Equal(0, serving.Queues.Device.State.Waiting);
        Assert.False(measuring.IsCompleted);

        permit.Dispose();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return measuring.IsCompleted;
            },
            "it goes on");
        Assert.Equal(RankedCorpus.Images, (await measuring)!.Pairs);
    }

    [Fact]
    public async Task A_device_that_is_busy_for_a_minute_is_left_alone()
    {
        var time = new ManualTime();
        using var serving = corpus.Logit.Serve();
        var sampled = serving.Sampler.NextAsync(Cancelled);
        (await serving.ImagesAsync("w5 w6")).Dispose();
        using var permit = serving.Queues.Device.Admit(1);

        var measuring = new RecallProbe(serving.Queues, time).MeasureAsync(await sampled, Cancelled);
        await Eventually.TrueAsync(() => time.Waits.Count > 1, "it waits");
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Null(await measuring);
    }

    [Fact]
    public async Task What_has_been_replaced_is_not_measured()
    {
        SampledQuery query;
        using (var serving = corpus.Logit.Serve())
        {
            var sampled = serving.Sampler.NextAsync(Cancelled);
            (await serving.ImagesAsync("w5 w6")).Dispose();
            query = await sampled;
        }

        using var other = corpus.Logit.Serve();
        Assert.Null(await Probe(other).MeasureAsync(query, Cancelled));
    }

    [Fact]
    public void Means_are_of_the_last_queries_of_the_served_bundle()
    {
        using var meters = new Meters();
        var metrics = new RecallMetrics(meters);
        Assert.Empty(meters.Read("retrieval.recall.shortlist"));

        for (var i = 0; i < RecallMetrics.Window; i++)
        {
            metrics.Measured("one", new RecallMeasurement("images", RecallReferences.All, 0.5, false, 30, TimeSpan.Zero));
        }

        for (var i = 0; i < RecallMetrics.Window / 2; i++)
        {
            metrics.Measured("one", new RecallMeasurement("images", RecallReferences.All, 1, true, 30, TimeSpan.Zero));
        }

        Assert.Equal([0.75], meters.Read("retrieval.recall.shortlist"));
        Assert.Equal([0.5], meters.Read("retrieval.recall.first"));
        Assert.Equal([RecallMetrics.Window], meters.Read("retrieval.recall.window"));

        metrics.Measured("two", new RecallMeasurement("captions", RecallReferences.Longer, 0.2, true, 30, TimeSpan.Zero));
        Assert.Equal([0.2], meters.Read("retrieval.recall.shortlist"));
        Assert.Equal([1], meters.Read("retrieval.recall.window"));
    }

    private static RecallProbe Probe(Serving serving) => new(serving.Queues, TimeProvider.System);

    private static void Check(RecallMeasurement measured, string kind, double[] transformed, double[] coarse, double weight, int shortlist, int first)
    {
        var all = Enumerable.Range(0, coarse.Length).ToList();
        var best = all.OrderByDescending(item => transformed[item] + (weight * coarse[item])).Take(10).ToList();
        var listed = all.OrderByDescending(item => coarse[item]).Take(shortlist).ToHashSet();
        Assert.Equal((kind, RecallReferences.All, coarse.Length), (measured.Kind, measured.Reference, measured.Pairs));
        Assert.Equal(best.Count(listed.Contains) / 10.0, measured.Recall, 1e-9);
        Assert.Equal(best[0] == first, measured.SameFirst);
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public List<double> Read(string instrument)
        {
            var values = new List<double>();
            using var listener = new MeterListener
            {
                InstrumentPublished = (published, self) =>
                {
                    if (published.Name == instrument && _meters.Contains(published.Meter))
                    {
                        self.EnableMeasurementEvents(published);
                    }
                },
            };
            listener.SetMeasurementEventCallback<double>((_, value, _, _) => values.Add(value));
            listener.SetMeasurementEventCallback<int>((_, value, _, _) => values.Add(value));
            listener.Start();
            listener.RecordObservableInstruments();
            return values;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
