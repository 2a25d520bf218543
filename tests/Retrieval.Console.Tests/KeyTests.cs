using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Configuration;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class KeyTests(Chromium browser, DemoSite demo)
{
    [Fact]
    public async Task The_page_opens_without_a_key_and_says_what_a_search_lacks()
    {
        using var folder = new TemporaryFolder();
        await using var site = await StartAsync(folder);
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a red cube");

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("expected a key");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("under Key");

        await visit.EnterKeyAsync("rsk_wrong");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the key is not one of this server's");
        visit.ExpectAny("401");
    }

    [Fact]
    public async Task With_a_key_hits_come_with_their_pictures_and_operate_takes_a_role_of_its_own()
    {
        using var folder = new TemporaryFolder();
        await using var site = await StartAsync(folder);
        var query = KeyFileEditor.Add(folder["keys.json"], new NewKey("query", [Role.Query]), DateTimeOffset.UnixEpoch).Text;
        var admin = KeyFileEditor.Add(folder["keys.json"], new NewKey("admin", [Role.Admin]), DateTimeOffset.UnixEpoch).Text;
        await site.AcceptedAsync(admin);
        await using var visit = await browser.VisitAsync(site.Address);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("under Key");
        visit.Expect("401");
        await visit.EnterKeyAsync(query);
        await Expect(visit.Page.GetByText("Images to search by")).ToBeVisibleAsync();

        await visit.Page.GetByRole(AriaRole.Searchbox).FillAsync("a striped red cube and a green star");
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.Locator(".hit img").First).ToHaveJSPropertyAsync("complete", true);
        await Expect(visit.Page.Locator(".hit img").First).ToHaveAttributeAsync("src", new System.Text.RegularExpressions.Regex("^blob:"));
        Assert.True(await visit.Page.Locator(".hit img").First.EvaluateAsync<int>("image => image.decode().then(() => image.naturalWidth)") > 0);

        // It asks again every two seconds.
        visit.ExpectFailedRequests();
        await visit.Page.GotoAsync(new Uri(site.Address, "/#/operate").ToString());
        await Expect(visit.Page.GetByText("expected the role ingest").First).ToBeVisibleAsync();
        await visit.EnterKeyAsync(admin);
        await Expect(visit.Page.GetByText("expected the role")).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByText("Queue and latency")).ToBeVisibleAsync();
    }

    private async Task<Site> StartAsync(TemporaryFolder folder)
    {
        KeyFileEditor.Add(folder["keys.json"], new NewKey("first", [Role.Query]), DateTimeOffset.UnixEpoch);
        return await Site.StartAsync(Site.Options(demo.Index) with { Access = new AccessOptions { KeyFile = folder["keys.json"] } });
    }
}
