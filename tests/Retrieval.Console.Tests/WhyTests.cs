using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class WhyTests(Chromium browser, MarkupSite site)
{
    private const string Path = "/#/why?imageId=plain&caption=w4 w9 w11 w6 zzyzx";
    private const string Shaded = "all => all.filter(one => Number(getComputedStyle(one).getPropertyValue('--shade')) > 0).length";

    [Fact]
    public async Task A_hit_leads_to_its_explanation_with_both_stages_scores()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=w4 w9 w11 w6 zzyzx");

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Why plain" }).ClickAsync();

        await Expect(visit.Page.Locator(".word")).ToHaveTextAsync(["<start>", "w4", "w9", "w11", "w6", "zzyzx (unknown)", "<end>"]);
        await Expect(visit.Page.Locator(".scores.wide dt")).ToHaveTextAsync(["score", "first stage", "both stages, among images for the caption", "both stages, among captions for the image"]);
        await Expect(visit.Page.GetByText("Hits are ordered by both stages together, highest first")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator(".boxes .region")).ToHaveCountAsync(36);
    }

    [Fact]
    public async Task Regions_are_coloured_by_the_word_under_the_pointer_and_words_by_the_region()
    {
        await using var visit = await browser.VisitAsync(site.Address, Path);
        var words = visit.Page.Locator(".word");
        var regions = visit.Page.Locator(".boxes .region");

        await words.Nth(2).HoverAsync();
        Assert.True(await regions.EvaluateAllAsync<int>(Shaded) > 0);
        await Expect(visit.Page.Locator(".told h3")).ToHaveTextAsync("w9");
        await Expect(visit.Page.Locator(".told li")).ToHaveCountAsync(5);

        await regions.Last.HoverAsync();
        Assert.True(await words.EvaluateAllAsync<int>(Shaded) > 0);
        Assert.Equal(0, await regions.EvaluateAllAsync<int>(Shaded));
    }

    [Fact]
    public async Task The_keyboard_reaches_words_and_regions_and_keeps_one()
    {
        await using var visit = await browser.VisitAsync(site.Address, Path);
        var page = visit.Page;
        var words = page.Locator(".word");
        await words.First.FocusAsync();

        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(".told h3")).ToHaveTextAsync("w9");
        await page.Keyboard.PressAsync("Enter");
        await Expect(words.Nth(2)).ToHaveAttributeAsync("aria-pressed", "true");

        await page.GetByRole(AriaRole.Button, new() { Name = "Region 1", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Region 36" })).ToBeFocusedAsync();
        await Expect(page.Locator(".told h3")).ToHaveTextAsync("region 36");
        await page.GetByLabel("Show").FocusAsync();
        await Expect(page.Locator(".told h3")).ToHaveTextAsync("w9");
    }

    [Fact]
    public async Task Gates_and_weights_are_bars_one_for_each_word_or_region()
    {
        await using var visit = await browser.VisitAsync(site.Address, Path);

        var gates = visit.Page.Locator(".output[data-kind=gate]");
        await Expect(gates).ToHaveCountAsync(2);
        await Expect(gates.First.Locator("li")).ToHaveCountAsync(7);
        await Expect(gates.Last.Locator("li")).ToHaveCountAsync(36);
    }

    [Fact]
    public async Task Another_output_is_shown_on_request()
    {
        await using var visit = await browser.VisitAsync(site.Address, Path);
        await visit.Page.Locator(".word").Nth(2).ClickAsync();
        var told = visit.Page.Locator(".told ol");
        var before = await told.InnerTextAsync();

        await visit.Page.GetByLabel("Show").SelectOptionAsync(new SelectOptionValue { Index = 1 });

        await Expect(told).Not.ToHaveTextAsync(before);
    }

    [Fact]
    public async Task Without_an_explainer_no_hit_promises_one_and_the_view_says_what_to_export()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path, Repository.Bundle);
        await using var without = await Site.StartAsync(MarkupSite.Options(folder["index"], Repository.Bundle));
        await using var visit = await browser.VisitAsync(without.Address, "/#/search?caption=a man");
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(MarkupSite.Ids.Length);
        await Expect(visit.Page.GetByText("Why", new() { Exact = true })).ToHaveCountAsync(0);

        await visit.Page.GotoAsync("/#/why?imageId=plain&caption=a man");

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Not Implemented (501)");
        visit.Expect("Failed to load resource");
    }
}
