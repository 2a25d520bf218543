using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Server.Tests;

/// <summary>A server of images of 10 to 100 regions, over a local index and as a replica of a catalog.</summary>
public sealed class AdaptiveFeaturesTests(AdaptiveFeaturesTests.Served served) : IClassFixture<AdaptiveFeaturesTests.Served>
{
    private const int Images = 40;

    private HttpClient Client => served.Server.Client;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(23)]
    public async Task Features_of_any_number_of_regions_find_what_the_stored_image_finds(int row)
    {
        var stored = await Client.AnswerAsync("/v1/search/captions", $$"""{ "imageId": "{{AdaptiveCorpus.IdOf(row)}}", "shortlist": 40 }""");
        var raw = await Client.AnswerAsync("/v1/search/captions", $$"""{ "features": "{{Raw(row)}}", "shortlist": 40 }""");
        var npy = await (await PostNpyAsync("/v1/search/captions?shortlist=40", AdaptiveCorpus.FeaturesOf(row), AdaptiveCorpus.RegionsOf(row))).BodyAsync(200);
        var like = await (await PostNpyAsync("/v1/search/images", AdaptiveCorpus.FeaturesOf(row), AdaptiveCorpus.RegionsOf(row))).BodyAsync(200);

        Assert.All(Scores(stored).Zip(Scores(raw)), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        Assert.Equal(Scores(raw), Scores(npy));
        Assert.Equal(AdaptiveCorpus.IdOf(row), (string?)like["hits"]![0]!["id"]);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(101)]
    public async Task Too_few_or_too_many_regions_are_a_422_that_says_what_was_found_and_is_taken(int regions)
    {
        var problem = await (await PostNpyAsync("/v1/search/captions", new float[regions * AdaptiveCorpus.Width], regions)).ProblemAsync(422, "features");

        Assert.Contains($"found the shape ({regions}, 64); the model takes 10 to 100 regions of 64 features", (string)problem["detail"]!, StringComparison.Ordinal);
        var raw = Convert.ToBase64String(new byte[regions * AdaptiveCorpus.Width * sizeof(float)]);
        var (response, _) = await Client.PostAsync("/v1/search/captions", $$"""{ "features": "{{raw}}" }""");
        Assert.Contains($"found {regions * AdaptiveCorpus.Width} values; the model takes 10 to 100 regions", (string)(await response.ProblemAsync(422, "features"))["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_of_any_number_of_regions_can_be_put_replaced_and_deleted()
    {
        foreach (var (regions, status) in new[] { (10, 201), (100, 200), (33, 200) })
        {
            var body = new JsonObject
            {
                ["features"] = Convert.ToBase64String(MemoryMarshal.AsBytes(AdaptiveCorpus.FeaturesOf(900, regions).AsSpan())),
                ["captions"] = new JsonArray("w4 w5"),
                ["boxes"] = new JsonArray([.. Enumerable.Range(0, regions).Select(i => new JsonArray(i, i, i + 1, i + 1))]),
            };
            await (await Client.PutAsync("/v1/images/put.jpg", body.ToJsonString())).BodyAsync(status);
            var found = await Client.AnswerAsync("/v1/search/captions", """{ "imageId": "put.jpg", "top": 5 }""");
            Assert.Equal(5, found["hits"]!.AsArray().Count);
        }

        var tooFew = new JsonObject { ["features"] = Convert.ToBase64String(new byte[9 * 64 * 4]), ["captions"] = new JsonArray("w4") };
        await (await Client.PutAsync("/v1/images/few.jpg", tooFew.ToJsonString())).ProblemAsync(422, "features");
        await (await Client.RemoveAsync("/v1/images/put.jpg")).BodyAsync(200);
    }

    [Fact]
    public async Task The_model_tells_the_range_and_that_it_explains_nothing_and_why()
    {
        var model = await (await Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal("""{"count":100,"fewest":10,"width":64}""", model["regions"]!.ToJsonString());
        Assert.False((bool)model["explainer"]!);

        var (response, _) = await Client.PostAsync("/v1/explain", $$"""{ "imageId": "{{AdaptiveCorpus.IdOf(0)}}", "caption": "w4" }""");

        Assert.Contains("it takes images of 10 to 100 regions, and explainers are for bundles of one number of regions", (string)(await response.ProblemAsync(501))["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_of_pairs_scores_images_of_different_numbers_of_regions_as_searches_do()
    {
        var found = await Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{AdaptiveCorpus.CaptionOf(7, 0)}}", "top": 20, "shortlist": 40 }""");
        foreach (var hit in found["hits"]!.AsArray().Take(5))
        {
            var pair = await Client.AnswerAsync("/v1/score", $$"""{ "pairs": [{ "imageId": "{{(string)hit!["id"]!}}", "caption": "{{AdaptiveCorpus.CaptionOf(7, 0)}}" }] }""");
            Assert.Equal((float)hit["score"]!, (float)pair["scores"]![0]!, 1e-6f);
        }
    }

    [Fact]
    public async Task A_replica_of_a_catalog_answers_as_the_local_index_does()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        using (var model = MatchingModel.Load(Repository.AnyRegionsBundle, new InferenceOptions { Threads = 1 }))
        using (var source = AdaptiveCorpus.First(Images))
        {
            var index = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "blue", IndexBinding.SchemaOf(model), TestContext.Current.CancellationToken);
            await new IngestionJob(model, Served.Ingestion, TimeProvider.System).RunAsync(source, new CatalogIngestionTarget(catalog.Catalog, index, new CatalogTargetOptions { Worker = "test" }), null, TestContext.Current.CancellationToken);
        }

        var options = RunningServer.Options(Repository.AnyRegionsBundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { ShortlistTimeoutMs = 30_000 } });

        for (var row = 0; row < Images; row += 3)
        {
            foreach (var (path, body) in new[] { ("/v1/search/images", $$"""{ "caption": "{{AdaptiveCorpus.CaptionOf(row, 0)}}", "top": 30 }"""), ("/v1/search/captions", $$"""{ "imageId": "{{AdaptiveCorpus.IdOf(row)}}", "top": 30 }""") })
            {
                var (expected, found) = (await served.Alone.Client.AnswerAsync(path, body), await replica.Client.AnswerAsync(path, body));
                foreach (var own in new[] { "index", "indexEpoch" })
                {
                    expected.Remove(own);
                    found.Remove(own);
                }

                Assert.True(JsonNode.DeepEquals(expected, found), $"{path} {body}:\n{expected}\n{found}");
            }
        }
    }

    private static string Raw(int row) => Convert.ToBase64String(MemoryMarshal.AsBytes(AdaptiveCorpus.FeaturesOf(row).AsSpan()));

    private static float[] Scores(JsonObject answer) => [.. answer["hits"]!.AsArray().Select(hit => (float)hit!["score"]!)];

    private async Task<HttpResponseMessage> PostNpyAsync(string path, float[] features, int regions)
    {
        using var folder = new TemporaryFolder();
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(folder.WriteNpy("image.npy", features, regions, AdaptiveCorpus.Width), TestContext.Current.CancellationToken));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-npy");
        return await Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    /// <summary>Two servers over the same images: one that tests write to, and one that they only ask.</summary>
    public sealed class Served : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public static IngestionOptions Ingestion { get; } = new() { SourceKey = "adaptive", BatchRows = 8 };

        public RunningServer Server { get; private set; } = null!;

        public RunningServer Alone { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await ServeAsync("written");
            Alone = await ServeAsync("read");
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Alone.DisposeAsync();
            _folder.Dispose();
        }

        private async Task<RunningServer> ServeAsync(string name)
        {
            using (var model = MatchingModel.Load(Repository.AnyRegionsBundle, new InferenceOptions { Threads = 1 }))
            using (var source = AdaptiveCorpus.First(Images))
            {
                await new IngestionJob(model, Ingestion, TimeProvider.System).RunAsync(source, _folder[name]);
            }

            return await (await RunningServer.StartAsync(RunningServer.Options(Repository.AnyRegionsBundle, _folder[name]))).ReadyAsync();
        }
    }
}
