using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Metrics;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Metrics;

public sealed class MetricsTests(ServerFixture fixture)
{
    // Dashboards and alerts are written against these: a change here is a change of the interface.
    private static readonly Dictionary<string, string> Promised = new()
    {
        ["retrieval_ready"] = "gauge",
        ["retrieval_index_images"] = "gauge",
        ["retrieval_index_captions"] = "gauge",
        ["retrieval_index_epoch"] = "gauge",
        ["retrieval_model_info"] = "gauge",
        ["retrieval_query_duration_seconds"] = "histogram",
        ["retrieval_stage_duration_seconds"] = "histogram",
        ["retrieval_pairs_scored_total"] = "counter",
        ["retrieval_batch_pairs"] = "histogram",
        ["retrieval_batch_queries"] = "histogram",
        ["retrieval_batch_duration_seconds"] = "histogram",
        ["retrieval_queue_depth"] = "gauge",
        ["retrieval_queue_pairs"] = "gauge",
        ["retrieval_queue_admitted"] = "gauge",
        ["retrieval_queue_age_seconds"] = "gauge",
        ["retrieval_worker_restarts_total"] = "counter",
        ["retrieval_bank_rows"] = "gauge",
        ["retrieval_bank_capacity"] = "gauge",
        ["retrieval_bank_size_bytes"] = "gauge",
        ["retrieval_bank_resident_bytes"] = "gauge",
        ["retrieval_device_memory_total_bytes"] = "gauge",
        ["retrieval_device_memory_free_bytes"] = "gauge",
        ["http_server_request_duration_seconds"] = "histogram",
        ["http_server_active_requests"] = "gauge",
        ["kestrel_active_connections"] = "gauge",
        ["aspnetcore_rate_limiting_active_request_leases"] = "gauge",
        ["dotnet_process_cpu_time_seconds_total"] = "counter",
        ["dotnet_process_memory_working_set_bytes"] = "gauge",
        ["dotnet_gc_collections_total"] = "counter",
    };

    [Fact]
    public async Task The_format_is_strict_and_the_names_are_kept()
    {
        await fixture.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
        using var response = await fixture.Client.AskAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var metrics = Exposition.Parse(text);
        Assert.All(Promised, promised => Assert.Equal(promised.Value, metrics.Types.GetValueOrDefault(promised.Key)));
        Assert.Equal(ServerFixture.Images, metrics.Sum("retrieval_index_images"));
        Assert.Equal(1, metrics.Sum("retrieval_ready"));
        Assert.Contains(metrics.Samples.Keys, key => key.StartsWith("retrieval_model_info{model=\"camp-gate-fusion-new-concat@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_query_is_counted_once_with_its_stages_and_its_route()
    {
        using var folder = new Folder();
        await Corpus.IngestAsync(Repository.Bundle, folder.File("index"), 4);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, folder.File("index")));
        await server.ReadyAsync();
        for (var i = 0; i < 3; i++)
        {
            await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
        }

        Assert.Equal(3, await server.MetricAsync("retrieval_query_duration_seconds_count{kind=\"images\"}"));
        Assert.Equal(3, await server.MetricAsync("retrieval_stage_duration_seconds_count{stage=\"encode\"}"));
        Assert.Equal(12, await server.MetricAsync("retrieval_pairs_scored_total{kind=\"images\"}"));
        Assert.Equal(3, await server.MetricAsync(
            "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/v1/search/images\",network_protocol_version=\"1.1\",url_scheme=\"http\"}"));
    }

    [Fact]
    public async Task Paths_and_ids_do_not_become_labels()
    {
        for (var i = 0; i < 30; i++)
        {
            using var image = await fixture.Client.AskAsync($"/v1/images/nobody-{i}");
            using var nowhere = await fixture.Client.AskAsync($"/nowhere-{i}");
            using var method = await fixture.Client.SendAsync(new HttpRequestMessage(new HttpMethod($"M{i}"), new Uri("/v1/model", UriKind.Relative)), TestContext.Current.CancellationToken);
        }

        var text = await (await fixture.Client.AskAsync("/metrics")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("nobody-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nowhere-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"M7\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Kinds_units_labels_and_bounds_of_instruments_are_written_as_prometheus_wants_them()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var collector = new MetricsCollector(meters);
        var meter = meters.Create("Retrieval.Test");
        meter.CreateCounter<long>("test.rows", "{row}", "Rows\nwith a \\ in them").Add(2, new KeyValuePair<string, object?>("path.name", "a\"b\\c\nd"), new("n", 7));
        meter.CreateUpDownCounter<int>("test.open").Add(-3);
        meter.CreateGauge<double>("test.share", "1").Record(0.5);
        meter.CreateObservableCounter("test.read", () => 10L, "By");
        meter.CreateObservableGauge("test.none", () => Array.Empty<Measurement<int>>());
        var histogram = meter.CreateHistogram("test.wait", "s", "Wait", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 1, 7 })
        {
            histogram.Record(value);
        }

        meters.Create("Other.Meter").CreateCounter<int>("other").Add(1);
        using var elsewhere = new Meter("Retrieval.Test", null, null, scope: new object());
        elsewhere.CreateCounter<long>("test.rows").Add(100);

        var text = collector.Collect(PrometheusText.Write);
        Exposition.Parse(text);
        var own = string.Join('\n', text.Split('\n').Where(line => line.Contains("test_", StringComparison.Ordinal) || line.Contains("other", StringComparison.Ordinal)));
        Assert.Equal("""
            # HELP test_open test.open
            # TYPE test_open gauge
            test_open -3
            # HELP test_read_bytes_total test.read
            # TYPE test_read_bytes_total counter
            test_read_bytes_total 10
            # HELP test_rows_total Rows\nwith a \\ in them
            # TYPE test_rows_total counter
            test_rows_total{n="7",path_name="a\"b\\c\nd"} 2
            # HELP test_share_ratio test.share
            # TYPE test_share_ratio gauge
            test_share_ratio 0.5
            # HELP test_wait_seconds Wait
            # TYPE test_wait_seconds histogram
            test_wait_seconds_bucket{le="0.1"} 2
            test_wait_seconds_bucket{le="1"} 4
            test_wait_seconds_bucket{le="+Inf"} 5
            test_wait_seconds_sum 8.65
            test_wait_seconds_count 5
            """, own);
    }

    [Fact]
    public void The_number_of_series_is_bounded_whatever_labels_come()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var collector = new MetricsCollector(meters);
        var counter = meters.Create("Retrieval.Test").CreateCounter<long>("test.many");
        Parallel.For(0, 5000, i => counter.Add(1, new KeyValuePair<string, object?>("i", i)));

        var metrics = Exposition.Parse(collector.Collect(PrometheusText.Write));
        Assert.InRange(metrics.Samples.Count(sample => sample.Key.StartsWith("test_many_total{", StringComparison.Ordinal)), 500, 520);
        Assert.Equal(5000, metrics.Sum("test_many_total"));
    }
}
