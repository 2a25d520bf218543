using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
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
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], 4);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, folder["index"]));
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
    public async Task Kinds_units_labels_and_bounds_of_instruments_are_written_as_prometheus_wants_them()
    {
        await using var server = await EmptyAsync();
        var meters = server.App.Services.GetRequiredService<IMeterFactory>();
        var meter = meters.Create("Retrieval.Test");
        meter.CreateCounter<long>("test.rows", "{row}", "Rows\nwith a \\ in them").Add(2, new KeyValuePair<string, object?>("path.name", "a\"b\\c\nd"), new("n", 7));
        meter.CreateUpDownCounter<int>("test.open").Add(-3);
        meter.CreateGauge<double>("test.share").Record(0.5);
        meter.CreateObservableCounter("test.read", () => 10L, "By");
        meter.CreateObservableGauge("test.none", () => Array.Empty<Measurement<int>>());
        var histogram = meter.CreateHistogram("test.wait", "s", "Wait", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 1, 7 })
        {
            histogram.Record(value);
        }

        meters.Create("Other.Meter").CreateCounter<int>("test.other").Add(1);

        var text = await TextAsync(server);
        Exposition.Parse(text);
        Assert.Equal("""
            # TYPE test_open gauge
            # HELP test_open test.open
            test_open{} -3
            # TYPE test_read_bytes_total counter
            # HELP test_read_bytes_total test.read
            test_read_bytes_total{} 10
            # TYPE test_rows_total counter
            # HELP test_rows_total Rows\nwith a \\ in them
            test_rows_total{n="7",path_name="a\"b\\c\nd"} 2
            # TYPE test_share gauge
            # HELP test_share test.share
            test_share{} 0.5
            # TYPE test_wait_seconds histogram
            # HELP test_wait_seconds Wait
            test_wait_seconds_bucket{le="0.1"} 2
            test_wait_seconds_bucket{le="1"} 4
            test_wait_seconds_bucket{le="+Inf"} 5
            test_wait_seconds_sum{} 8.65
            test_wait_seconds_count{} 5
            """, string.Join('\n', text.Split('\n').Where(line => line.Contains("test_", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task The_number_of_series_is_bounded_whatever_labels_come()
    {
        await using var server = await EmptyAsync();
        var counter = server.App.Services.GetRequiredService<IMeterFactory>().Create("Retrieval.Test").CreateCounter<long>("test.many");
        Parallel.For(0, 5000, i => counter.Add(1, new KeyValuePair<string, object?>("i", i)));

        var metrics = Exposition.Parse(await TextAsync(server));
        Assert.InRange(metrics.Samples.Count(sample => sample.Key.StartsWith("test_many_total{", StringComparison.Ordinal)), 500, 502);
        Assert.Equal(5000, metrics.Sum("test_many_total"));
    }

    [Fact]
    public async Task Two_servers_of_one_process_do_not_see_each_others_meters()
    {
        await using var one = await EmptyAsync();
        await using var other = await EmptyAsync();
        one.App.Services.GetRequiredService<IMeterFactory>().Create("Retrieval.Test").CreateCounter<long>("test.rows").Add(3);
        using var process = new Meter("Retrieval.Process");
        process.CreateCounter<long>("test.process").Add(5);

        Assert.Equal((3, null), (await one.MetricAsync("test_rows_total"), await other.MetricAsync("test_rows_total")));
        Assert.Equal((5, 5), (await one.MetricAsync("test_process_total"), await other.MetricAsync("test_process_total")));
        for (var i = 0; i < 3; i++)
        {
            using var live = await one.Client.AskAsync("/health/live");
        }

        const string Live = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/health/live\",network_protocol_version=\"1.1\",url_scheme=\"http\"}";
        await Eventually.TrueAsync(async () => await one.MetricAsync(Live) == 3, "its requests are counted");
        Assert.DoesNotContain(Live, await TextAsync(other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_instrument_no_longer_names_is_gone_and_a_scrape_is_fresh()
    {
        await using var server = await EmptyAsync();
        var value = 0;
        server.App.Services.GetRequiredService<IMeterFactory>().Create("Retrieval.Test")
            .CreateObservableGauge("test.model", () => new[] { new Measurement<int>(1, new KeyValuePair<string, object?>("model", value)) });

        for (; value < 5; value++)
        {
            Assert.Equal([$"test_model{{model=\"{value}\"}}"], Exposition.Parse(await TextAsync(server)).Samples.Keys.Where(key => key.StartsWith("test_", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Counters_are_there_with_0_before_anything_has_happened()
    {
        await using var server = await EmptyAsync();

        var metrics = Exposition.Parse(await TextAsync(server));

        Assert.All(
            new Dictionary<string, string[]>
            {
                ["retrieval_pairs_scored_total"] = ["images", "captions", "score", "explain"],
                ["retrieval_queries_degraded_total"] = ["catalog-unavailable", "deadline", "damaged"],
                ["retrieval_recall_queries_total"] = ["images", "captions"],
                ["retrieval_damaged_total"] = ["image_embedding", "caption_embedding", "image_record", "caption_record", "image_metadata", "image_text", "caption_text", "score"],
                ["retrieval_batch_failed_total"] = ["score", "explain", "encode", "turn"],
                ["retrieval_ingestion_rows_total"] = ["stored", "skipped", "rejected"],
                ["retrieval_ingestion_runs_total"] = ["completed", "cancelled", "failed"],
            },
            family => Assert.All(family.Value, value =>
                Assert.Equal(0, metrics.Samples.Single(sample => sample.Key.StartsWith(family.Key, StringComparison.Ordinal) && sample.Key.EndsWith($"=\"{value}\"}}", StringComparison.Ordinal)).Value)));
        Assert.All(
            new[]
            {
                "retrieval_shortlist_missing_total", "retrieval_shortlist_fallback_total", "retrieval_scrub_bytes_total", "retrieval_scrub_faults_total", "retrieval_queue_rejected_total", "retrieval_recall_pairs_total",
                "retrieval_queue_expired_total", "retrieval_queue_cancelled_total", "retrieval_queue_depth", "retrieval_queue_pairs", "retrieval_queue_admitted", "retrieval_queue_age_seconds",
                "retrieval_worker_restarts_total", "retrieval_http_connections_displaced_total", "retrieval_http_connections_confined_total", "retrieval_ingestion_running", "retrieval_ready",
            },
            name => Assert.Equal(0, metrics.Samples.GetValueOrDefault(name, -1)));
    }

    [Theory]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")]
    [InlineData("text/html")]
    public async Task Whoever_asks_gets_the_same_format_without_scopes_target_and_times(string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.All(new[] { "otel_", "target_info", "_created", "# EOF" }, word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
        Exposition.Parse(text);
    }

    // Nothing is served: what the meters say before there is an index.
    private static Task<RunningServer> EmptyAsync() => RunningServer.StartAsync(RunningServer.Options("/nonexistent-bundle", "/nonexistent-index"));

    private static Task<string> TextAsync(RunningServer server) => server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
}
