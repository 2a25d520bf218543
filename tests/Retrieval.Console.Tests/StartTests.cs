using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Where somebody begins who does not know the corpus.</summary>
public sealed class StartTests(Chromium browser, DemoSite site, MarkupSite markup)
{
    [Fact]
    public async Task The_start_says_what_is_served_and_offers_captions_and_images_to_begin_with()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;

        await Expect(Section(page, "What is served")).ToContainTextAsync("1,000 images with 5,000 captions");
        await Expect(Section(page, "What is served")).ToContainTextAsync("Hits are ordered by both stages.");
        await Expect(Section(page, "Captions to search by").GetByRole(AriaRole.Link)).ToHaveCountAsync(3);
        await Expect(Section(page, "Images to search by").Locator("img")).ToHaveCountAsync(12);
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();

        await Section(page, "Captions to search by").GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(page.Locator(".hit").First).ToContainTextAsync("scene-000000");
    }

    [Fact]
    public async Task All_images_are_browsed_part_by_part()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Browse all 1,000" }).ClickAsync();
        await Expect(page.Locator(".hit")).ToHaveCountAsync(48);
        await Expect(page.Locator(".hit .id").First).ToHaveTextAsync("scene-000000");
        await visit.IsAccessibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Next images" }).ClickAsync();
        await Expect(page.Locator(".hit .id").First).ToHaveTextAsync("scene-000048");
        await page.GetByRole(AriaRole.Link, new() { Name = "First images" }).ClickAsync();
        await Expect(page.Locator(".hit .id").First).ToHaveTextAsync("scene-000000");

        await page.GetByRole(AriaRole.Link, new() { Name = "More like this of scene-000001" }).ClickAsync();
        await Expect(page.GetByText("Searched for: scene-000001")).ToBeVisibleAsync();
        await Expect(page.GetByText("10 hits of 1,000 images; ordered by the first stage alone")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task After_the_last_image_there_is_nothing_to_browse()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/browse?after=zzz");

        await Expect(visit.Page.GetByText("No image comes after zzz.")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Next images" })).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/#/browse")]
    public async Task Ids_captions_and_metadata_with_markup_are_shown_as_they_are(string path)
    {
        await using var visit = await browser.VisitAsync(markup.Address, path);

        foreach (var id in MarkupSite.Ids)
        {
            await Expect(visit.Page.Locator(".hit").Filter(new() { HasText = id })).ToHaveCountAsync(1);
        }

        await Expect(visit.Page.Locator(".hit").First).ToContainTextAsync("<i>place</i>=<script>alert(7)</script>");
        Assert.Equal(0, await visit.Page.Locator("main script, main i, main b, main img").CountAsync());
    }

    [Fact]
    public async Task The_image_that_is_searched_for_is_shown()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?imageId=scene-000007&top=1");

        await Expect(visit.Page.Locator(".queryimage img")).ToHaveAttributeAsync("alt", "Picture of scene-000007");
        await Expect(visit.Page.Locator(".queryimage img")).ToHaveJSPropertyAsync("naturalWidth", 128);
    }

    [Fact]
    public async Task An_id_in_the_place_of_a_caption_is_offered_as_an_image()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=scene-000007&top=3");
        var page = visit.Page;
        await Expect(page.GetByText("scene-000007 is also the id of an image.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Captions for it" }).ClickAsync();

        await Expect(page.GetByLabel("Search by")).ToHaveValueAsync("imageId");
        await Expect(page.Locator(".hit .caption").First).ToBeVisibleAsync();
        await Expect(page.GetByText("is also the id")).ToHaveCountAsync(0);
    }

    private static ILocator Section(IPage page, string name) => page.GetByRole(AriaRole.Region, new() { Name = name, Exact = true });
}
