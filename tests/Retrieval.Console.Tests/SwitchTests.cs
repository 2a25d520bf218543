using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.TestKit.Corpora;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>The indexes of a catalog in Operate, and switching to another.</summary>
public sealed class SwitchTests(Chromium browser)
{
    [Fact]
    public async Task Another_index_is_activated_after_a_second_press_and_is_served()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await IngestAsync(catalog, "blue", 4);
        await IngestAsync(catalog, "green", 6);
        using (var model = MatchingModel.Load(Repository.ExplainedBundle, new InferenceOptions { Threads = 1 }))
        {
            await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "empty", IndexBinding.SchemaOf(model), TestContext.Current.CancellationToken);
        }

        await using var site = await Site.StartAsync(MarkupSite.Options(catalog.Folder["replica"]) with
        {
            Postgres = new PostgresOptions { ConnectionString = catalog.Database.OwnerConnectionString, FollowSeconds = 0.05 },
        });
        await using var visit = await browser.VisitAsync(site.Address, "/#/operate");
        var indexes = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Indexes" });
        await Expect(Row("blue")).ToContainTextAsync("active, served here");
        await Expect(Row("green")).ToContainTextAsync("complete");
        await Expect(Row("empty")).ToContainTextAsync("not complete: it has no images");
        await Expect(indexes.GetByRole(AriaRole.Button)).ToHaveCountAsync(1);
        await visit.IsAccessibleAsync();

        await indexes.GetByRole(AriaRole.Button, new() { Name = "Activate green" }).ClickAsync();
        await indexes.GetByRole(AriaRole.Button, new() { Name = "Keep blue" }).ClickAsync();
        await Expect(Row("blue")).ToContainTextAsync("active");
        await indexes.GetByRole(AriaRole.Button, new() { Name = "Activate green" }).ClickAsync();
        await visit.Page.Keyboard.PressAsync("Enter");

        await Expect(indexes).ToContainTextAsync("green is active.");
        await Expect(Row("green")).ToContainTextAsync("active, served here");
        await Expect(Row("blue")).ToContainTextAsync("complete");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Index", Exact = true })).ToContainTextAsync("green, epoch");

        ILocator Row(string name) => indexes.GetByRole(AriaRole.Row).Filter(new() { Has = visit.Page.GetByRole(AriaRole.Rowheader, new() { Name = name, Exact = true }) });
    }

    private static async Task IngestAsync(TestCatalog catalog, string name, int images)
    {
        using var folder = new TemporaryFolder();
        Corpus.Make(images, captionsPerImage: 1, seed: 3).Write(folder.Path);
        using var model = MatchingModel.Load(Repository.ExplainedBundle, new InferenceOptions { Threads = 1 });
        using var source = Corpus.Open(folder.Path);
        var target = new CatalogIngestionTarget(catalog.Catalog, await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, name, IndexBinding.SchemaOf(model)), new CatalogTargetOptions { Worker = "test" });
        await new IngestionJob(model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System).RunAsync(source, target);
    }
}
