using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class OutageTests(Chromium browser, DemoSite demo)
{
    [Fact]
    public async Task A_service_that_has_stopped_is_told_and_the_page_stays_of_use()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]));
        await using var visit = await browser.VisitAsync(site.Address);
        await site.StopAsync();

        await visit.Page.GetByRole(AriaRole.Searchbox).FillAsync("a man");
        await visit.Page.Keyboard.PressAsync("Enter");

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The service does not answer.");
        await Expect(visit.Page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("a man");
        visit.ExpectAny("ERR_");
    }

    [Theory]
    [InlineData("deadline", "The deadline passed first")]
    [InlineData("catalog-unavailable,damaged", "Stored data is damaged")]
    public async Task A_degraded_answer_has_a_banner_with_the_reason(string reason, string told)
    {
        await using var visit = await browser.VisitAsync(demo.Address);
        // The service's own answer, degraded on the way: when a deadline passes is not for a test to say.
        await visit.Page.RouteAsync("**/v1/search/images", async route =>
        {
            var answer = await route.FetchAsync();
            var json = JsonNode.Parse(await answer.BodyAsync())!;
            json["degraded"] = reason;
            json["hits"]![1]!["score"] = json["hits"]![1]!["scoreRank"] = json["hits"]![1]!["rankingScore"] = null;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = json.ToJsonString() });
        });

        await visit.Page.GetByRole(AriaRole.Searchbox).FillAsync("a red cube");
        await visit.Page.Keyboard.PressAsync("Enter");

        await Expect(visit.Page.Locator(".notice.warn")).ToContainTextAsync($"Degraded answer: {reason}");
        await Expect(visit.Page.Locator(".notice.warn")).ToContainTextAsync(told);
        await Expect(visit.Page.Locator(".hit").Nth(1)).ToContainTextAsync("(not reranked)");
    }

    [Fact]
    public async Task An_empty_index_is_told()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]));
        using var client = new HttpClient { BaseAddress = site.Address };
        foreach (var id in MarkupSite.Ids)
        {
            using var deleted = await client.DeleteAsync($"/v1/images/{Uri.EscapeDataString(id)}", TestContext.Current.CancellationToken);
            deleted.EnsureSuccessStatusCode();
        }

        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a man");

        await Expect(visit.Page.GetByText("The index is empty")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_picture_that_is_missing_leaves_its_room_and_says_so()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]) with { Pictures = new() { Folder = folder.Path } });

        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a man");

        await Expect(visit.Page.Locator(".picture").First).ToHaveTextAsync("no picture");
        await Expect(visit.Page.GetByText("no picture")).ToHaveCountAsync(MarkupSite.Ids.Length);
        visit.Expect("Failed to load resource");
    }
}
