using System.Text.Json.Nodes;
using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Further indexes of a catalog that a replica holds beside the active one.</summary>
public sealed class FurtherIndexTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_image_has_the_same_score_in_both_and_both_are_followed()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 6);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 9);
        await using var replica = await CatalogServing.ServeAsync(Options(catalog, Repository.Bundle, "green"));
        await UntilAsync(replica, "green", 9);

        var served = await SearchAsync(replica, null);
        var further = await SearchAsync(replica, "green");
        Assert.Equal(("blue", "green"), ((string?)served["index"], (string?)further["index"]));
        Assert.True(JsonNode.DeepEquals(served, await SearchAsync(replica, "blue")));
        Assert.Equal((6, 9, null, null), (served["hits"]!.AsArray().Count, further["hits"]!.AsArray().Count, (string?)served["degraded"], (string?)further["degraded"]));
        var there = further["hits"]!.AsArray().ToDictionary(hit => (string)hit!["id"]!, hit => (float)hit!["score"]!);
        Assert.All(served["hits"]!.AsArray(), hit => Assert.Equal((float)hit!["score"]!, there[(string)hit["id"]!]));

        await Corpus.GrowAsync(Repository.Bundle, catalog.Catalog, "green", 12);
        await UntilAsync(replica, "green", 12);
        Assert.Equal(12, (await SearchAsync(replica, "green"))["hits"]!.AsArray().Count);
        Assert.Equal(6, (await SearchAsync(replica, null))["hits"]!.AsArray().Count);
        Assert.Equal(0, await replica.MetricAsync("retrieval_shortlist_fallback_total"));
    }

    [Fact]
    public async Task It_is_served_from_its_copy_while_Postgres_is_away()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 6);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 9);
        var options = Options(catalog, Repository.Bundle, "green");
        await using (var first = await CatalogServing.ServeAsync(options))
        {
            await UntilAsync(first, "green", 9);
        }

        await catalog.Server.StopAsync(cancellationToken: Cancelled);
        await using var replica = await CatalogServing.ServeAsync(options);
        await UntilAsync(replica, "green", 9);

        var answer = await SearchAsync(replica, "green");
        Assert.Equal((9, "catalog-unavailable"), (answer["hits"]!.AsArray().Count, (string?)answer["degraded"]));
    }

    [Fact]
    public async Task A_switch_to_another_bundle_withdraws_what_was_opened_with_the_former_one_and_a_switch_back_opens_it_again()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 6);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 9);
        await Corpus.IngestAsync(Repository.OtherBundle, catalog.Catalog, "other", 4);
        await using var replica = await CatalogServing.ServeAsync(Options(catalog, $"{Repository.Bundle};{Repository.OtherBundle}", "green;other"));
        await UntilAsync(replica, "green", 9);
        await Eventually.TrueAsync(
            async () => (await NotReadyAsync(replica, "other"))?.StartsWith("index other was made with the bundle ", StringComparison.Ordinal) == true, "an index of another bundle is refused by name");

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "other", Cancelled);
        await Eventually.TrueAsync(async () => (string?)(await SearchAsync(replica, null))["index"] == "other", "the other index is served");
        await Eventually.TrueAsync(async () => (await NotReadyAsync(replica, "green"))?.StartsWith("index green was made with the bundle ", StringComparison.Ordinal) == true, "green is withdrawn");
        await (await replica.Client.PostAsync("/v1/search/images", """{ "caption": "w4", "index": "green" }""")).Response.ProblemAsync(503);

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancelled);
        await UntilAsync(replica, "green", 9);
        Assert.Equal(9, (await SearchAsync(replica, "green"))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_name_that_the_catalog_does_not_have_is_told_and_taken_up_once_it_does()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 6);
        await using var replica = await CatalogServing.ServeAsync(Options(catalog, Repository.Bundle, "green"));
        await Eventually.TrueAsync(async () => (await NotReadyAsync(replica, "green"))?.Contains("no index named green", StringComparison.Ordinal) == true, "it is told");

        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 9);

        await UntilAsync(replica, "green", 9);
    }

    [Fact]
    public async Task How_far_each_is_behind_and_whether_it_is_refused_are_metrics()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 6);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 9);
        await Corpus.IngestAsync(Repository.OtherBundle, catalog.Catalog, "other", 4);
        var options = Options(catalog, Repository.Bundle, "green;other");
        options = options with { Inference = options.Inference with { BankPlacement = BankPlacement.Resident } };
        long room;
        await using (var roomy = await CatalogServing.ServeAsync(options))
        {
            await UntilAsync(roomy, "green", 9);
            await Eventually.TrueAsync(async () => await MetricAsync(roomy, "refused", "other") == 1, "an index of a bundle that is not here is refused");
            Assert.Equal((0, 0), (await MetricAsync(roomy, "refused", "green"), await MetricAsync(roomy, "lag_epochs", "green")));

            // The served one with its spare room, and three times its records for the further one.
            room = (long)(await roomy.MetricAsync("retrieval_bank_resident_bytes") + (3 * await roomy.MetricAsync("retrieval_bank_size_bytes")))!;
        }

        // What does not fit is not taken up, and that is a lag.
        await using var replica = await CatalogServing.ServeAsync(options with { Inference = options.Inference with { DeviceMemoryBytes = room } });
        await UntilAsync(replica, "green", 9);
        await Corpus.GrowAsync(Repository.Bundle, catalog.Catalog, "green", 300);
        await Eventually.TrueAsync(async () => await MetricAsync(replica, "lag_epochs", "green") > 0, "it is behind");
        Assert.Equal((0, 1), (await MetricAsync(replica, "refused", "green"), await MetricAsync(replica, "ready", "green")));
        Assert.Equal(0, await replica.MetricAsync("retrieval_follow_lag_epochs"));
        Assert.Equal(9, (await SearchAsync(replica, "green"))["hits"]!.AsArray().Count);
    }

    private static Task<double?> MetricAsync(RunningServer replica, string name, string index) => replica.MetricAsync($"retrieval_further_{name}{{index=\"{index}\"}}");

    private static ServerOptions Options(TestCatalog catalog, string bundle, string also)
    {
        var options = RunningServer.Options(bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        return options with { Snapshot = options.Snapshot with { Also = also } };
    }

    private static Task<JsonObject> SearchAsync(RunningServer replica, string? index) =>
        replica.Client.AnswerAsync("/v1/search/images", new JsonObject { ["caption"] = "w4 w9", ["top"] = 20, ["index"] = index }.ToJsonString());

    private static async Task<JsonNode?> FurtherAsync(RunningServer replica, string name) =>
        (await (await replica.Client.AskAsync("/v1/model")).BodyAsync(200))["further"]!.AsArray().Single(index => (string?)index!["name"] == name);

    private static async Task<string?> NotReadyAsync(RunningServer replica, string name) => (string?)(await FurtherAsync(replica, name))!["notReady"];

    private static Task UntilAsync(RunningServer replica, string name, int images) => Eventually.TrueAsync(
        async () => await FurtherAsync(replica, name) is { } index && index["notReady"] is null && (int?)index["images"] == images, $"index {name} has {images} images");
}
