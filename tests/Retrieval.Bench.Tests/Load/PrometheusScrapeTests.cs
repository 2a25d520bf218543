using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

public sealed class PrometheusScrapeTests
{
    private const string Before = """
        # HELP queue_depth Waiting
        # TYPE queue_depth gauge
        queue_depth 0
        # TYPE asked_total counter
        asked_total{route="/v1/{id}",kind="a b"} 3
        asked_total{route="/x"} 4
        # TYPE took_seconds histogram
        took_seconds_bucket{le="+Inf"} 2
        took_seconds_sum 1.5
        took_seconds_count 2
        """;

    private const string After = """
        # TYPE queue_depth gauge
        queue_depth{} 0 1700000000000
        # TYPE asked_total counter
        asked_total{route="/v1/{id}",kind="a b"} 10
        asked_total{route="/x"} 4
        # TYPE took_seconds histogram
        took_seconds_bucket{le="+Inf"} 6
        took_seconds_sum 3.5
        took_seconds_count 6
        # TYPE new_total counter
        new_total 1e3
        broken line here
        not_finite NaN
        """;

    [Fact]
    public void Series_are_read_with_their_labels_and_kinds()
    {
        var scrape = PrometheusScrape.Parse(After);

        Assert.Equal(10, scrape.Values["""asked_total{route="/v1/{id}",kind="a b"}"""]);
        Assert.Equal((0, 1000), (scrape.Values["queue_depth"], scrape.Values["new_total"]));
        Assert.Equal((14, null), (scrape.Sum("asked_total"), scrape.Sum("nobody")));
        Assert.Equal(("gauge", "counter", "histogram", "untyped"), (scrape.KindOf("queue_depth"), scrape.KindOf("""asked_total{route="/x"}"""), scrape.KindOf("took_seconds_sum"), scrape.KindOf("nobody")));
        Assert.DoesNotContain(scrape.Values.Keys, series => series.Contains("bucket", StringComparison.Ordinal) || series.Contains("broken", StringComparison.Ordinal) || series == "not_finite");
    }

    [Fact]
    public void Over_a_run_counters_grow_histograms_have_a_mean_and_gauges_a_peak()
    {
        var changes = MetricsReport.Compare(PrometheusScrape.Parse(Before), PrometheusScrape.Parse(After), new Dictionary<string, double> { ["queue_depth"] = 17 });

        Assert.Equal(
            [
                new SeriesChange("""asked_total{route="/v1/{id}",kind="a b"}""", "counter", 7, null, null, null, 10),
                new SeriesChange("new_total", "counter", 1000, null, null, null, 1000),
                new SeriesChange("queue_depth", "gauge", null, null, 0, 17, 0),
                new SeriesChange("took_seconds", "histogram", 4, 0.5, null, null, null),
            ],
            changes);
    }
}
