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
    public async Task Two_orders_are_compared()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/compare?imageId=scene-000000&bRankBy=score");

        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Left" }).Locator(".hit").First).ToContainTextAsync("scene-000926#4");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Right" }).Locator(".hit").First).ToContainTextAsync("scene-000000#1");
    }
}
