using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class SearchTests(Chromium browser, DemoSite site)
{
    private const string Caption = "a transparent green star and a striped red cube";

    [Fact]
    public async Task A_caption_is_typed_and_its_images_are_shown_with_both_stages_scores_and_the_move_between_them()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;

        await page.GetByRole(AriaRole.Searchbox).FillAsync(Caption);
        await page.Keyboard.PressAsync("Enter");

        var hits = page.Locator(".hit");
        await Expect(hits).ToHaveCountAsync(10);
        await Expect(hits.First).ToContainTextAsync("scene-000000");
        await Expect(hits.First.Locator(".scores")).ToContainTextAsync("0.9955 rank 1");
        await Expect(page.Locator(".move.up").First).ToContainTextAsync("up from the first stage");
        await Expect(page.GetByText("30 of 30 candidates reranked")).ToBeVisibleAsync();
        Assert.Contains("caption=a+transparent+green+star", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hits_have_their_pictures()
    {
        await using var visit = await browser.VisitAsync(site.Address, $"/#/search?caption={Caption}&top=3");

        await Expect(visit.Page.Locator(".hit img")).ToHaveCountAsync(3);
        await Expect(visit.Page.GetByAltText("Picture of scene-000000")).ToHaveJSPropertyAsync("naturalWidth", 128);
    }

    [Fact]
    public async Task The_address_holds_the_whole_search_so_that_another_visitor_sees_the_same()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await page.GetByText("Options").ClickAsync();
        await page.GetByLabel("Hits").FillAsync("2");
        await page.GetByLabel("Shortlist").FillAsync("7");
        await page.GetByLabel("Order").SelectOptionAsync("score");
        await page.GetByRole(AriaRole.Searchbox).FillAsync(Caption);
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(page.Locator(".hit")).ToHaveCountAsync(2);
        var shown = await page.Locator(".hits").InnerTextAsync();

        await using var other = await browser.VisitAsync(new Uri(page.Url), new Uri(page.Url).PathAndQuery + new Uri(page.Url).Fragment);

        await Expect(other.Page.GetByText("7 of 7 candidates reranked")).ToBeVisibleAsync();
        Assert.Equal(shown, await other.Page.Locator(".hits").InnerTextAsync());
        await Expect(other.Page.GetByLabel("Shortlist")).ToHaveValueAsync("7");
    }

    [Fact]
    public async Task Unknown_words_are_marked_and_a_clipped_caption_is_told()
    {
        var words = string.Join(' ', Enumerable.Repeat("cube", 60));
        await using var visit = await browser.VisitAsync(site.Address, $"/#/search?caption=a glass zebra {words}");

        await Expect(visit.Page.Locator(".token.unknown")).ToHaveTextAsync(["glass (unknown)", "zebra (unknown)"]);
        await Expect(visit.Page.GetByText("longer than the model reads")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_image_finds_captions_and_a_caption_leads_on_to_images()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?imageId=scene-000000&top=2");
        var page = visit.Page;

        await Expect(page.Locator(".hit").First).ToContainTextAsync("seven things, including a little crimson cube and a little blue rhombus.");
        await page.GetByRole(AriaRole.Link, new() { Name = "Images for the caption scene-000926#4" }).ClickAsync();

        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("seven things, including a little crimson cube and a little blue rhombus.");
    }

    [Fact]
    public async Task A_filter_that_nothing_passes_is_told_apart_from_an_empty_index()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=cube&filter=split%3Dtest");

        await Expect(visit.Page.GetByText("No image has the metadata that the filter wants.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_filter_over_the_demos_metadata_leaves_the_images_that_have_them()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await page.GetByText("Options").ClickAsync();
        await page.GetByLabel("Filter by metadata").FillAsync("background=navy\nobjects>=6\ntwin=true");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("a banded blue star");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        await Expect(page.Locator(".hit").Filter(new() { HasText = "background=navy" }).Filter(new() { HasText = "twin=true" })).ToHaveCountAsync(10);
        await Expect(page.Locator(".hit .metadata", new() { HasTextRegex = new("objects=[67]") })).ToHaveCountAsync(10);
    }

    [Theory]
    [InlineData("/#/search?imageId=nobody", "Not Found (404)", "unknown image id 'nobody'")]
    [InlineData("/#/search?caption=cube&top=many", "Bad Request (400)", "top: found a text; expected a whole number from 1 to 1000")]
    public async Task A_request_that_is_refused_shows_the_services_own_reason(string path, string title, string reason)
    {
        await using var visit = await browser.VisitAsync(site.Address, path);

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(title);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(reason);
        visit.Expect("Failed to load resource");
    }

    [Fact]
    public async Task The_command_that_is_copied_asks_the_same()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=it's a cube&top=1");

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Copy as curl" }).ClickAsync();

        await Expect(visit.Page.GetByText("Copied")).ToBeVisibleAsync();
        Assert.Equal(
            $$"""curl -s '{{site.Address}}v1/search/images' -H 'content-type: application/json' -d '{"caption":"it'\''s a cube","top":1}'""",
            await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task A_key_is_sent_with_each_request_and_forgotten_with_the_tab()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await page.GetByText("Key", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("X-Api-Key").FillAsync("secret");
        await page.GetByLabel("X-Api-Key").PressAsync("Tab");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("cube");

        var request = await page.RunAndWaitForRequestAsync(() => page.GetByRole(AriaRole.Searchbox).PressAsync("Enter"), "**/v1/search/images");

        Assert.Equal("secret", (await request.AllHeadersAsync())["x-api-key"]);
        Assert.DoesNotContain("secret", page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await page.EvaluateAsync<int>("localStorage.length"));
    }
}
