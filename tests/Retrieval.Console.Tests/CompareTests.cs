using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class CompareTests(Chromium browser, DemoSite site)
{
    [Fact]
    public async Task Two_shortlists_stand_beside_each_other_with_what_moved()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Searchbox).FillAsync("a transparent green star and a striped red cube");
        await page.GetByRole(AriaRole.Group, new() { Name = "Left" }).GetByLabel("Shortlist").FillAsync("10");
        await page.GetByRole(AriaRole.Group, new() { Name = "Right" }).GetByLabel("Shortlist").FillAsync("100");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();

        var right = page.GetByRole(AriaRole.Region, new() { Name = "Right" });
        await Expect(right).ToContainTextAsync("100 of 100 candidates reranked");
        await Expect(right.Locator(".move.only").First).ToBeVisibleAsync();
        await Expect(right.Locator(".move.down").First).ToContainTextAsync("down from the other side");
        await Expect(page.Locator(".sameness")).ToContainTextAsync("the first is the same");
    }

    [Fact]
    public async Task Everything_is_reranked_on_request_and_the_cost_stands_beside_it()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare?caption=a red cube&aShortlist=20");
        var page = visit.Page;
        await Expect(page.GetByText("1,000 pairs instead of 30")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Rerank everything on the right" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Right" })).ToContainTextAsync("1,000 of 1,000 candidates reranked");
    }

    [Fact]
    public async Task Compare_takes_over_the_search_and_gives_the_right_a_longer_shortlist()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a banded blue star&top=3&shortlist=20&rankBy=score&filter=objects%3E%3D6");
        var page = visit.Page;
        await Expect(page.Locator(".hit")).ToHaveCountAsync(3);
        var hits = await page.Locator(".hit .id").AllInnerTextsAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Compare", Exact = true }).ClickAsync();

        var left = page.GetByRole(AriaRole.Region, new() { Name = "Left" });
        await Expect(left).ToContainTextAsync("20 of 20 candidates reranked");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Right" })).ToContainTextAsync("200 of 200 candidates reranked");
        Assert.Equal(hits.Select(hit => hit.Split(' ', '\n')[^1]), (await left.Locator(".id").AllInnerTextsAsync()).Select(hit => hit.Split(' ', '\n')[1]));
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("a banded blue star");
        await Expect(page.GetByLabel("Filter by metadata")).ToHaveValueAsync("objects>=6");
        await Expect(page.GetByRole(AriaRole.Group, new() { Name = "Right" }).GetByLabel("Order")).ToHaveValueAsync("score");
        await visit.IsAccessibleAsync();

        // What it was led from is gone: the bar leads to the beginning again.
        await page.GetByRole(AriaRole.Link, new() { Name = "Browse", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("");
    }

    [Theory]
    [InlineData("/#/search?imageId=scene-000007", "scene-000007", "imageId", "100 of 100 candidates reranked")]
    [InlineData("/#/search?like=scene-000007", "scene-000007", "imageId", "100 of 100 candidates reranked")]
    [InlineData("/#/search?caption=cube", "cube", "caption", "300 of 300 candidates reranked")]
    public async Task Compare_takes_over_an_image_as_a_caption(string path, string text, string by, string right)
    {
        await using var visit = await browser.VisitAsync(site.Address, path);
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(10);

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Compare", Exact = true }).ClickAsync();

        await Expect(visit.Page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync(text);
        await Expect(visit.Page.GetByLabel("Search by")).ToHaveValueAsync(by);
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Right" })).ToContainTextAsync(right);
    }

    [Fact]
    public async Task Compare_takes_over_what_was_typed_and_not_searched_for()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        await Expect(visit.Page.Locator(".begin .hit").First).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Searchbox).FillAsync("a red cube");

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Compare", Exact = true }).ClickAsync();

        await Expect(visit.Page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("a red cube");
        await Expect(visit.Page.Locator(".sameness")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Two_orders_are_compared()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare?imageId=scene-000000&bRankBy=score");

        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Left" }).Locator(".hit").First).ToContainTextAsync("scene-000926#4");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Right" }).Locator(".hit").First).ToContainTextAsync("scene-000000#1");
    }
}
