using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Another index is activated, of the same bundle or of another, while callers ask.</summary>
[Trait("Promise", "14")]
public sealed class ReplicaSwitchTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Activating_another_index_fails_no_search(bool otherBundle)
    {
        await using var catalog = await TestCatalog.CreateAsync();
        var green = otherBundle ? Repository.OtherBundle : Repository.Bundle;
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 20);
        await Corpus.IngestAsync(green, catalog.Catalog, "green", 30);
        await using var replica = await catalog.ServeAsync(bundle: $"{Repository.Bundle};{Repository.OtherBundle}");
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(10);
        var before = await (await replica.Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal(("blue", 20), ((string)before["catalog"]!["index"]!, (int)before["index"]!["images"]!));

        for (var round = 0; round < 2; round++)
        {
            await SwitchAsync("green", 30);
            await SwitchAsync("blue", 20);
        }

        await SwitchAsync("green", 30);
        await traffic.MoreAsync(10);
        var answers = await traffic.EndAsync();

        Assert.Equal(otherBundle ? 2 : 1, answers.Select(answer => answer.Model).Distinct().Count());
        var after = await (await replica.Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal(otherBundle, (string)after["fingerprint"]! != (string)before["fingerprint"]!);

        async Task SwitchAsync(string name, int images)
        {
            await CatalogIndexes.ActivateAsync(catalog.Catalog, name, Cancelled);
            await Eventually.TrueAsync(
                async () => await (await replica.Client.AskAsync("/v1/model")).JsonAsync() is { } model && (string?)model["catalog"]!["index"] == name && (int)model["index"]!["images"]! == images,
                $"{name} is served");
            await traffic.MoreAsync(5);
        }
    }

    [Fact]
    public async Task An_index_of_a_bundle_that_is_not_here_is_refused_and_the_former_one_is_served_on()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await Corpus.IngestAsync(Repository.OtherBundle, catalog.Catalog, "green", 12);
        await using var replica = await catalog.ServeAsync();
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(5);

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancelled);
        await Eventually.TrueAsync(async () => await replica.MetricAsync("retrieval_follow_refused") == 1, "it is refused");
        await Corpus.GrowAsync(Repository.Bundle, catalog.Catalog, "blue", 15);
        await traffic.MoreAsync(5, answer => answer.Epoch == 2, "answers of the grown former index");

        var ready = await (await replica.Client.AskAsync("/health/ready")).BodyAsync(200);
        Assert.Contains("index green", (string)ready["note"]!, StringComparison.Ordinal);
        var model = await (await replica.Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal("blue", (string)model["catalog"]!["index"]!);
        Assert.Contains("index green", (string)model["catalog"]!["refusal"]!, StringComparison.Ordinal);
        Assert.Single(replica.Log.Of(1153));

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancelled);
        await Eventually.TrueAsync(async () => await replica.MetricAsync("retrieval_follow_refused") == 0, "nothing is refused");
        Assert.False((await (await replica.Client.AskAsync("/health/ready")).BodyAsync(200)).ContainsKey("note"));
        await traffic.EndAsync();
    }

    [Fact]
    public async Task A_catalog_without_an_index_leaves_the_replica_not_ready_until_one_is_there()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await using var replica = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString));
        await Eventually.TrueAsync(
            async () => (await (await replica.Client.AskAsync("/health/ready")).ProblemAsync(503))["reasons"]!.ToJsonString().Contains("no index of the catalog is active", StringComparison.Ordinal), "the reason is told");

        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 3);

        await replica.ReadyAsync();
    }

    [Fact]
    public async Task A_replica_may_follow_an_index_by_its_name()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 15);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { Index = "green" } });

        Assert.Equal(15, (int)(await (await replica.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]!);
    }

    [Fact]
    public async Task Migrations_are_applied_at_start_where_that_is_asked_for()
    {
        await using var database = await Retrieval.Postgres.TestKit.TestDatabase.CreateAsync(Cancelled);
        using var folder = new TemporaryFolder();
        var options = RunningServer.Options(Repository.Bundle, folder["replica"], database.OwnerConnectionString);
        await using (var refused = await RunningServer.StartAsync(options))
        {
            await Eventually.TrueAsync(
                async () => (await (await refused.Client.AskAsync("/health/ready")).ProblemAsync(503))["reasons"]!.ToJsonString().Contains("retrieval index migrate", StringComparison.Ordinal), "the reason is told");
        }

        await using var migrated = await RunningServer.StartAsync(options with { Postgres = options.Postgres with { Migrate = true } });
        await Eventually.TrueAsync(
            async () => (await (await migrated.Client.AskAsync("/health/ready")).ProblemAsync(503))["reasons"]!.ToJsonString().Contains("no index of the catalog is active", StringComparison.Ordinal), "the schema is there");
    }
}
