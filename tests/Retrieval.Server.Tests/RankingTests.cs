using System.Text.Json.Nodes;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Damage;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary>Hits ordered by both stages, over HTTP: with a bundle whose manifest says how.</summary>
public sealed class RankingTests(RankingTests.Served served) : IClassFixture<RankingTests.Served>
{
    private const int Images = 30;
    private const string Route = "/v1/search/images";
    private const string CaptionRoute = "/v1/search/captions";
    private static readonly JsonObject ranking = RankingBundle.Ranking("logit", 3, 12, 5, 17);

    [Fact]
    public async Task Hits_show_both_stages_and_the_value_they_are_ordered_by()
    {
        var otherwise = 0;
        foreach (var (path, query, weight) in Requests())
        {
            query["top"] = 12;
            var hits = await HitsAsync(served.Server, path, query);

            Assert.Equal(Enumerable.Range(1, 12), hits.Select(hit => hit.Rank));
            Assert.Equal(hits.OrderByDescending(hit => hit.RankingScore).Select(hit => hit.Id), hits.Select(hit => hit.Id));
            foreach (var hit in hits)
            {
                // As far as the probability tells its logit.
                var logit = Math.Log(hit.Score / (1.0 - hit.Score));
                Assert.Equal(logit + (weight * hit.Coarse), hit.RankingScore, 1e-4);
            }

            otherwise += hits.Count(hit => hit.Rank != hit.ScoreRank);
        }

        Assert.True(otherwise > 10, $"{otherwise} hits have another rank by the score alone");
    }

    [Fact]
    public async Task By_the_score_alone_the_same_hits_are_in_the_order_of_their_score_rank()
    {
        foreach (var (path, query, _) in Requests())
        {
            query["top"] = 12;
            query["shortlist"] = 12;
            var both = await HitsAsync(served.Server, path, With(query, "both"));
            Assert.Equal(both, await HitsAsync(served.Server, path, query));
            Assert.Equal(both, await HitsAsync(served.Server, path, With(query, null)));

            var alone = await HitsAsync(served.Server, path, With(query, "score"));

            Assert.Equal(both.OrderBy(hit => hit.ScoreRank).Select(hit => hit.Id), alone.Select(hit => hit.Id));
            Assert.Equal(Enumerable.Range(1, 12), alone.Select(hit => hit.ScoreRank));
            Assert.All(alone, hit => Assert.Equal(Math.Log(hit.Score / (1.0 - hit.Score)), hit.RankingScore, 1e-4));
        }
    }

    [Fact]
    public async Task A_batch_orders_each_query_as_it_says()
    {
        List<(string Path, JsonObject Query)> queries = [.. Requests().SelectMany(request => new[] { "both", "score" }.Select(by => (request.Path, With(request.Query, by))))];

        var answers = (await served.Server.Client.AnswerAsync("/v1/search/batch", new JsonObject { ["queries"] = new JsonArray([.. queries.Select(query => query.Query.DeepClone())]) }.ToJsonString()))["answers"]!.AsArray();

        for (var i = 0; i < queries.Count; i++)
        {
            var alone = await HitsAsync(served.Server, queries[i].Path, queries[i].Query);
            Assert.Equal(alone.Select(hit => (hit.Id, hit.ScoreRank)), Hits(answers[i]!).Select(hit => (hit.Id, hit.ScoreRank)));
        }
    }

    [Fact]
    public async Task An_unknown_order_is_a_400_that_names_the_member_alone_and_in_a_batch()
    {
        var (response, _) = await served.Server.Client.PostAsync(Route, """{ "caption": "w4", "rankBy": "coarse" }""");
        var problem = await response.ProblemAsync(400, "rankBy");
        Assert.Equal("rankBy: found 'coarse'; expected one of both, score", (string)problem["detail"]!);

        var batch = await served.Server.Client.AnswerAsync("/v1/search/batch", """{ "queries": [ { "caption": "w4", "rankBy": 1 }, { "caption": "w4", "rankBy": "score" } ] }""");
        Assert.Equal((400, "rankBy", 10), ((int)batch["answers"]![0]!["status"]!, (string)batch["answers"]![0]!["field"]!, batch["answers"]![1]!["hits"]!.AsArray().Count));
    }

    [Fact]
    public async Task Without_a_shortlist_it_is_the_bundles_and_the_model_says_so()
    {
        var (images, captions) = await ShortlistedAsync(served.Server);
        Assert.Equal((12, 17), (images, captions));

        var model = await (await served.Server.Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal(
            """{"transform":"logit","textToImage":{"coarseWeight":3,"shortlist":12},"imageToText":{"coarseWeight":5,"shortlist":17}}""", model["ranking"]!.ToJsonString());
    }

    [Theory]
    [InlineData("--Search:DefaultShortlist=14", 14, 14)]
    [InlineData("--Search:DefaultShortlist=", 12, 17)]
    [InlineData("--Search:MaxShortlist=15", 12, 15)]
    public async Task What_the_operator_configures_wins(string argument, int images, int captions)
    {
        // Read as a server reads it, then served by this process.
        var read = ServerConfiguration.Read(["--bundle", served.Bundle, "--index", served.Index, argument]).Search;
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(served.Bundle, served.Index) with { Search = read })).ReadyAsync();

        Assert.Equal((images, captions), await ShortlistedAsync(server));
    }

    [Fact]
    public async Task A_replica_of_a_catalog_orders_as_an_embedded_server_does()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(served.Bundle, catalog.Catalog, "blue", Images);
        var options = RunningServer.Options(served.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { ShortlistTimeoutMs = 30_000 } });

        foreach (var (path, query, _) in Requests().SelectMany(request => new[] { "both", "score" }.Select(by => (request.Path, With(request.Query, by), 0))))
        {
            Assert.Equal(await HitsAsync(served.Server, path, query), await HitsAsync(replica, path, query));
        }

        Assert.Equal(0, await replica.MetricAsync("retrieval_shortlist_fallback_total"));
    }

    [Fact]
    public async Task The_next_one_in_coarse_order_stands_in_for_a_damaged_image_and_is_ordered_like_all()
    {
        using var index = await DamagedIndex.CreateAsync(served.Bundle, Images);
        var options = RunningServer.Options(served.Bundle, index.Path);
        await using var server = await (await RunningServer.StartAsync(options with { Snapshot = options.Snapshot with { ScrubBytesPerSecond = 0 } })).ReadyAsync();
        var query = new JsonObject { ["caption"] = "w4 w5 w6", ["top"] = 12, ["shortlist"] = 12 };
        var all = await HitsAsync(server, Route, new JsonObject { ["caption"] = "w4 w5 w6", ["top"] = Images, ["shortlist"] = Images });
        var bad = all.OrderByDescending(hit => hit.Coarse).ElementAt(4);
        var field = index.Read(read => read.Images.Fields[0].Spec);
        DamagedIndex.Overwrite(index.RecordFile("images", field.Name), (index.SlotOf(bad.Id) * field.RowBytes) + 8, BitConverter.GetBytes(float.NaN));

        var answer = await server.Client.AnswerAsync(Route, query.ToJsonString());

        var expected = all.Where(hit => hit.Id != bad.Id).OrderByDescending(hit => hit.Coarse).Take(12).OrderByDescending(hit => hit.RankingScore).ToList();
        Assert.Equal("damaged", (string)answer["degraded"]!);
        Assert.Equal(expected.Select(hit => (hit.Id, hit.RankingScore)), Hits(answer).Select(hit => (hit.Id, hit.RankingScore)));
        Assert.Equal(expected.OrderBy(hit => hit.ScoreRank).Select(hit => hit.Id), Hits(answer).OrderBy(hit => hit.ScoreRank).Select(hit => hit.Id));
        Assert.Equal(Enumerable.Range(1, 12), Hits(answer).Select(hit => hit.ScoreRank).Order());
    }

    private static IEnumerable<(string Path, JsonObject Query, double Weight)> Requests()
    {
        for (var row = 0; row < Images; row += 6)
        {
            yield return (Route, new JsonObject { ["caption"] = Corpus.CaptionOf(row, row % 2) }, 3);
            yield return (CaptionRoute, new JsonObject { ["imageId"] = Corpus.IdOf(row) }, 5);
        }
    }

    private static JsonObject With(JsonObject query, string? rankBy)
    {
        var copy = query.DeepClone().AsObject();
        copy["rankBy"] = rankBy;
        return copy;
    }

    private static async Task<(int Images, int Captions)> ShortlistedAsync(RunningServer server)
    {
        var images = await server.Client.AnswerAsync(Route, """{ "caption": "w4 w5" }""");
        var captions = await server.Client.AnswerAsync(CaptionRoute, """{ "imageId": "plain.jpg" }""");
        return ((int)images["shortlisted"]!, (int)captions["shortlisted"]!);
    }

    private static async Task<List<Found>> HitsAsync(RunningServer server, string path, JsonObject query)
    {
        var answer = await server.Client.AnswerAsync(path, query.ToJsonString());
        Assert.Null(answer["degraded"]);
        return Hits(answer);
    }

    private static List<Found> Hits(JsonNode answer) => [.. answer["hits"]!.AsArray().Select(hit => new Found(
        (string)hit!["id"]!, (int)hit["rank"]!, (float)hit["score"]!, (int)hit["scoreRank"]!, (float)hit["coarse"]!["score"]!, (double)hit["rankingScore"]!))];

    private sealed record Found(string Id, int Rank, float Score, int ScoreRank, float Coarse, double RankingScore);

    /// <summary>A server over a corpus that was ingested with the bundle.</summary>
    public sealed class Served : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public string Bundle { get; private set; } = null!;

        public string Index => _folder["index"];

        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Bundle = RankingBundle.Make(_folder, "ranking", ranking.DeepClone().AsObject(), scale: 8);
            await Corpus.IngestAsync(Bundle, Index, Images);
            Server = await (await RunningServer.StartAsync(RunningServer.Options(Bundle, Index))).ReadyAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            _folder.Dispose();
        }
    }
}
