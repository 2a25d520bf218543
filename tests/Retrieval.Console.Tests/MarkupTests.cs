using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Ids, captions and metadata with markup are shown as they are. A dialog or a message of the browser fails the visit.</summary>
public sealed class MarkupTests(Chromium browser, MarkupSite site)
{
    public static TheoryData<string> Ids => [.. MarkupSite.Ids];

    [Fact]
    public async Task Hits_show_ids_and_metadata_as_they_are()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=<script>alert(8)</script>");

        var hits = visit.Page.Locator(".hit");
        await Expect(hits).ToHaveCountAsync(MarkupSite.Ids.Length);
        foreach (var id in MarkupSite.Ids)
        {
            await Expect(hits.Filter(new() { HasText = id })).ToHaveCountAsync(1);
        }

        await Expect(hits.First).ToContainTextAsync("<i>place</i>=<script>alert(7)</script>");
        Assert.Equal(0, await visit.Page.Locator("main script, main i, main img").CountAsync());
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task An_image_of_any_id_is_followed_to_its_captions_and_to_why(string id)
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a man");
        var page = visit.Page;

        await page.GetByRole(AriaRole.Link, new() { Name = $"Captions for {id}", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync(id);
        await Expect(page.GetByText("<script>alert(6)</script> two cats").First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Why" }).First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = id, Exact = true })).ToBeVisibleAsync();
        Assert.Equal(0, await page.Locator("main script, main b, main img").CountAsync());
    }
}
