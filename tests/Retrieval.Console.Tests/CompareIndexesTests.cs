using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.TestKit.Corpora;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Two indexes beside each other.</summary>
public sealed class CompareIndexesTests(Chromium browser, DemoSite demo)
{
    [Fact]
    public async Task A_further_index_is_chosen_on_the_right_and_the_same_image_has_the_same_score_in_both()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder, "blue", 4);
        await IngestAsync(folder, "green", 7);
        await using var site = await ServeAsync(folder, folder["green"]);
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Searchbox).FillAsync("a man with a dog");
        await page.GetByRole(AriaRole.Group, new() { Name = "Right" }).GetByLabel("Shortlist").FillAsync("");
        await page.GetByRole(AriaRole.Group, new() { Name = "Right" }).GetByLabel("Index").SelectOptionAsync("green");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();

        var left = page.GetByRole(AriaRole.Region, new() { Name = "Left" });
        var right = page.GetByRole(AriaRole.Region, new() { Name = "Right" });
        await Expect(left).ToContainTextAsync("the local index: 4 of 4 candidates reranked");
        await Expect(right).ToContainTextAsync("green: 7 of 7 candidates reranked");
        await Expect(right.Locator(".move.only")).ToHaveCountAsync(3);
        await Expect(page.GetByText("7 pairs instead of 7")).ToBeVisibleAsync();
        var there = await ScoresAsync(right);
        var here = await ScoresAsync(left);
        Assert.Equal(4, here.Count);
        Assert.All(here, hit => Assert.Equal(hit.Value, there[hit.Key]));
        await visit.IsAccessibleAsync();

        // What only the further index has is explained from there, and leads back to its hits.
        var only = right.Locator(".hit").Filter(new() { Has = page.Locator(".move.only") }).First;
        await only.GetByRole(AriaRole.Link, new() { Name = "Why" }).ClickAsync();
        await Expect(page.GetByText("index green, epoch")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Back to the hits" }).ClickAsync();
        await Expect(page.Locator(".hit")).ToHaveCountAsync(7);
        await Expect(page.GetByLabel("Index")).ToHaveValueAsync("green");

        await page.GotoAsync(new Uri(site.Address, "/#/operate").ToString());
        var indexes = page.GetByRole(AriaRole.Region, new() { Name = "Indexes", Exact = true });
        await Expect(indexes.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);
        await Expect(indexes.GetByRole(AriaRole.Row).Nth(1).GetByRole(AriaRole.Rowheader)).ToHaveTextAsync("local index");
        await Expect(indexes.GetByRole(AriaRole.Row).Nth(1).GetByRole(AriaRole.Cell)).ToHaveTextAsync(Cells("4", "active, served here"));
        await Expect(indexes.GetByRole(AriaRole.Row).Nth(2).GetByRole(AriaRole.Rowheader)).ToHaveTextAsync("green");
        await Expect(indexes.GetByRole(AriaRole.Row).Nth(2).GetByRole(AriaRole.Cell)).ToHaveTextAsync(Cells("7", "held beside it"));
        await visit.IsAccessibleAsync();
    }

    [Fact]
    public async Task An_index_that_is_not_held_is_told_with_those_that_are()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder, "blue", 4);
        await IngestAsync(folder, "green", 7);
        await using var site = await ServeAsync(folder, folder["green"]);
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare?caption=a man&bIndex=<b>red</b>");

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("unknown index '<b>red</b>'; held are green and the one that is served");
        visit.Expect("Failed to load resource");
    }

    [Fact]
    public async Task Where_one_index_is_held_alone_there_is_no_choice_and_the_sides_begin_with_other_shortlists()
    {
        await using var visit = await browser.VisitAsync(demo.Address, "/#/compare");

        await Expect(visit.Page.GetByRole(AriaRole.Group, new() { Name = "Right" }).GetByLabel("Shortlist")).ToHaveValueAsync("300");
        await Expect(visit.Page.GetByRole(AriaRole.Group, new() { Name = "Left" }).GetByLabel("Shortlist")).ToHaveValueAsync("");
        await Expect(visit.Page.GetByLabel("Index")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Sides_with_the_same_settings_are_told()
    {
        await using var visit = await browser.VisitAsync(demo.Address, "/#/compare?caption=a red cube&top=2");

        await Expect(visit.Page.GetByText("Both sides have the same settings")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Why scene-" })).ToHaveCountAsync(4);
    }

    /// <summary>Cells of a row of the indexes: model, images, epoch, state, and no button.</summary>
    private static Regex[] Cells(string images, string state) => [new("@[0-9a-f]{12}$"), new($"^{images}$"), new("^[1-9][0-9]*$"), new($"^{state}$"), new("^$")];

    private static async Task<Dictionary<string, string>> ScoresAsync(ILocator side) =>
        (await side.Locator(".hit").EvaluateAllAsync<string[]>("all => all.map(hit => hit.querySelector('.id').childNodes[2].data + '|' + /score (\\S+),/.exec(hit.innerText)[1])"))
            .Select(text => text.Split('|')).ToDictionary(parts => parts[0], parts => parts[1]);

    private static Task<Site> ServeAsync(TemporaryFolder folder, string also)
    {
        var options = MarkupSite.Options(folder["blue"]);
        return Site.StartAsync(options with { Snapshot = options.Snapshot with { Also = also } });
    }

    private static async Task IngestAsync(TemporaryFolder folder, string name, int images)
    {
        Directory.CreateDirectory(folder[$"{name}-corpus"]);
        Corpus.Make(images, captionsPerImage: 1, seed: 3).Write(folder[$"{name}-corpus"]);
        using var model = MatchingModel.Load(Repository.ExplainedBundle, new InferenceOptions { Threads = 1 });
        using var source = Corpus.Open(folder[$"{name}-corpus"]);
        await new IngestionJob(model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System).RunAsync(source, folder[name]);
    }
}
