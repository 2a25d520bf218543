using System.Net.Sockets;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Metrics;

// Alone: the sources of activities are the process's, so a collector hears of every server that runs beside it.
[Collection(nameof(TraceTests))]
[CollectionDefinition(nameof(TraceTests), DisableParallelization = true)]
public sealed class TraceTests(ServerFixture fixture)
{
    private const string Caller = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task A_query_is_a_span_with_its_stages_and_batches_and_says_nothing_of_what_was_asked()
    {
        await using var collector = await OtlpCollector.StartAsync();
        string response;
        await using (var server = await StartAsync(collector.Address, 1e-9))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/search/images") { Content = new StringContent("""{ "caption": "canary of a caption" }""", System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Add("traceparent", $"00-{Caller}-b7ad6b7169203331-01");
            using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode);
            response = answer.Headers.GetValues("traceresponse").Single();
            using var image = await server.Client.AskAsync("/v1/images/canary-of-an-id");
            Assert.Equal(404, (int)image.StatusCode);
        }

        var spans = collector.Spans().Where(span => span.Trace == Caller).ToList();
        var root = Assert.Single(spans, span => span.Parent == "b7ad6b7169203331");
        Assert.Equal($"00-{Caller}-{root.Id}-01", response);
        Assert.Equal("POST /v1/search/images", root.Name);
        var query = Assert.Single(spans, span => span.Parent == root.Id);
        Assert.Equal("images", query.Name);
        Assert.Equal(
            ["assemble", "batch encode", "batch score", "encode", "queue", "queue", "queue", "score", "shortlist", "tokenize"],
            spans.Where(span => span.Parent == query.Id).Select(span => span.Name).Where(name => name != "batch shortlist").Order(StringComparer.Ordinal));
        Assert.All(spans.Where(span => span.Name.StartsWith("batch", StringComparison.Ordinal)), batch => Assert.Equal([query.Id], batch.Links));
        Assert.All(spans, span => Assert.True(span.Ended >= span.Began && (span == root || span.Began >= root.Began)));
        Assert.DoesNotContain("canary", collector.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_share_a_batch_are_linked_to_it()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using (var server = await StartAsync(collector.Address, 1))
        {
            await Task.WhenAll(Enumerable.Range(0, 40).Select(i => server.Client.PostAsync("/v1/search/images", $$"""{ "caption": "a dog {{i}}", "shortlist": 20 }""")));
        }

        var spans = collector.Spans();
        var queries = spans.Where(span => span.Name is "images" or "captions").Select(span => span.Id).ToHashSet();
        var batches = spans.Where(span => span.Name is "batch encode" or "batch score").ToList();

        // And the two of the warm-up.
        Assert.Equal(42, queries.Count);
        Assert.Contains(batches, batch => batch.Links.Count > 1);
        Assert.All(batches, batch => Assert.All(batch.Links, link => Assert.Contains(link, queries)));
        Assert.Equal(queries.Order(StringComparer.Ordinal), batches.SelectMany(batch => batch.Links).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Statements_of_Postgres_are_spans_under_the_shortlist_and_hold_no_values()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await using (var replica = await CatalogServing.ServeAsync(RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString) with
        {
            Telemetry = new TelemetryOptions { OtlpEndpoint = collector.Address, TraceShare = 1, OtlpIntervalSeconds = 60 },
        }))
        {
            await replica.Client.AnswerAsync("/v1/search/images", """{ "caption": "canary of a caption", "filter": { "split": "canary-of-a-filter" } }""");
        }

        var spans = collector.Spans();
        var shortlists = spans.Where(span => span.Name == "shortlist").Select(span => span.Id).ToHashSet();
        Assert.Contains(spans, span => shortlists.Contains(span.Parent));
        Assert.DoesNotContain("canary", collector.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("Password=", collector.Text(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Windows_of_an_ingestion_are_spans_of_its_run()
    {
        await using var collector = await OtlpCollector.StartAsync();
        using var folder = new TemporaryFolder();
        SplitFiles.Write(folder["split"], 12);
        var options = RunningServer.Options(Repository.Bundle, folder["index"]);
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], 4);
        await using (var server = await RunningServer.StartAsync(options with
        {
            Ingestion = new ServerIngestionOptions { Roots = [folder.Path] },
            Telemetry = new TelemetryOptions { OtlpEndpoint = collector.Address, TraceShare = 1, OtlpIntervalSeconds = 60 },
        }))
        {
            await server.ReadyAsync();
            var (response, run) = await server.Client.PostAsync("/v1/ingestions", SplitFiles.Order("split", ", \"batchRows\": 5"));
            Assert.True((int)response.StatusCode == 202, run.ToJsonString());
            await Eventually.TrueAsync(async () => (string)(await (await server.Client.AskAsync($"/v1/ingestions/{run["id"]}")).JsonAsync())["state"]! == "completed", "the run has ended");
        }

        var spans = collector.Spans();
        var ingestion = Assert.Single(spans, span => span.Name == "ingestion");
        Assert.Equal(3, spans.Count(span => span.Name == "encode window" && span.Parent == ingestion.Id));
        Assert.Equal(3, spans.Count(span => span.Name == "store window" && span.Parent == ingestion.Id));
    }

    [Fact]
    public async Task What_is_not_sampled_is_not_sent()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using (var server = await StartAsync(collector.Address, 1))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/model");
            request.Headers.Add("traceparent", $"00-{Caller}-b7ad6b7169203331-00");
            using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.EndsWith("-00", answer.Headers.GetValues("traceresponse").Single(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(collector.Spans(), span => span.Trace == Caller);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_is_away_fails_no_query(bool listens)
    {
        // One refuses, and one takes the connection and never answers.
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var address = $"http://{silent.LocalEndpoint}";
        if (!listens)
        {
            silent.Stop();
        }

        await using var server = await StartAsync(address, 1);
        for (var i = 0; i < 30; i++)
        {
            await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "a dog" }""");
        }

        Assert.DoesNotContain(server.Log.Entries, entry => entry.Category.StartsWith("Retrieval.", StringComparison.Ordinal) && entry.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Theory]
    [InlineData("Telemetry:TraceShare is above 0 and Telemetry:OtlpEndpoint is not set", "--Telemetry:TraceShare=0.1")]
    [InlineData("Telemetry:TraceShare is 2; expected 0 to 1", "--Telemetry:TraceShare=2", "--Telemetry:OtlpEndpoint=http://collector:4318")]
    public void Settings_that_do_not_fit_are_faults(string fault, params string[] arguments) =>
        Assert.Contains(fault, Assert.Single(Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", .. arguments])).Faults), StringComparison.Ordinal);

    private async Task<RunningServer> StartAsync(string collector, double share) =>
        await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with
        {
            Telemetry = new TelemetryOptions { OtlpEndpoint = collector, TraceShare = share, OtlpIntervalSeconds = 60 },
        })).ReadyAsync();
}
