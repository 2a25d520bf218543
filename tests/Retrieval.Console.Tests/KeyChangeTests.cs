using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Configuration;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Keys that change while somebody looks at the page.</summary>
public sealed class KeyChangeTests(Chromium browser, DemoSite demo) : IDisposable
{
    private const string Revoked = "the key is not one of this server's, or was revoked. A key is entered at the top of the page, under Key.";

    private readonly TemporaryFolder _folder = new();

    private string KeyFilePath => _folder["keys.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_that_is_revoked_is_told_in_every_view_and_each_goes_on_with_a_new_one()
    {
        await using var site = await StartAsync();
        var (revoked, next) = (Add("old", Role.Query), Add("next", Role.Query));
        await site.AcceptedAsync(next);
        (string Path, string Whole)[] views =
        [
            ("/#/search", ".begin .hit"), ("/#/search?caption=a red cube&filter=objects%3E%3D6&top=2", ".hit"), ("/#/browse", ".hit"),
            ("/#/why?imageId=scene-000000&caption=a red cube", ".output"), ("/#/compare?caption=a red cube&bShortlist=100", ".sameness"),
        ];
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        visit.ExpectFailedRequests();
        foreach (var (path, whole) in views)
        {
            await visit.EnterKeyAsync(revoked);
            await visit.Page.GotoAsync(path);
            await Expect(visit.Page.Locator(whole).First).ToBeVisibleAsync();
        }

        KeyFileEditor.Revoke(KeyFilePath, "old");
        await site.RefusedAsync(revoked);
        foreach (var (path, whole) in views)
        {
            await visit.EnterKeyAsync(revoked);
            await visit.Page.GotoAsync(path);
            await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(Revoked);

            await visit.EnterKeyAsync(next);
            await Expect(visit.Page.Locator(whole).First).ToBeVisibleAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
            Assert.EndsWith(new Uri(site.Address, path).Fragment, visit.Page.Url, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_typed_stays_while_a_new_key_is_entered()
    {
        await using var site = await StartAsync();
        var (revoked, next) = (Add("old", Role.Query), Add("next", Role.Query));
        await site.AcceptedAsync(next);
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        var page = visit.Page;
        await visit.EnterKeyAsync(revoked);
        await page.GotoAsync("/#/search?caption=a red cube");
        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        visit.ExpectFailedRequests();
        KeyFileEditor.Revoke(KeyFilePath, "old");
        await site.RefusedAsync(revoked);

        await InterruptedSearch.EnterAsync(page);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(Revoked);
        await InterruptedSearch.TypeNextAsync(page);
        await visit.EnterKeyAsync(next);

        await InterruptedSearch.ExpectAnsweredAsync(page);
    }

    [Fact]
    public async Task Operate_says_while_it_asks_that_its_key_was_revoked_or_lost_its_role_and_goes_on_with_another()
    {
        await using var site = await StartAsync();
        var (admin, next) = (Add("admin", Role.Admin), Add("next", Role.Ingest));
        await site.AcceptedAsync(next);
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        var page = visit.Page;
        await visit.EnterKeyAsync(admin);
        await page.GotoAsync("/#/operate");
        var (index, runs) = (Panel(page, "Index"), Panel(page, "Ingestions"));
        await Expect(index).ToContainTextAsync("1,000");
        await Expect(runs).ToContainTextAsync("No runs yet.");
        await runs.GetByLabel("Folder below a configured root").FillAsync("my/folder");
        visit.ExpectFailedRequests();

        // As somebody edits the file: the same key with fewer roles.
        Rewrite("\"admin\"\n", "\"query\"\n");
        await Expect(runs).ToContainTextAsync("expected the role ingest");
        await Expect(index).ToContainTextAsync("1,000");

        KeyFileEditor.Revoke(KeyFilePath, "admin");
        await Expect(runs).ToContainTextAsync(Revoked);
        await Expect(index).ToContainTextAsync(Revoked);
        await Expect(Panel(page, "Health")).ToContainTextAsync("ready");

        await visit.EnterKeyAsync(next);
        await Expect(index).ToContainTextAsync("1,000");
        await Expect(runs).ToContainTextAsync("No runs yet.");
        await Expect(runs.GetByLabel("Folder below a configured root")).ToHaveValueAsync("my/folder");
    }

    [Fact]
    public async Task A_key_whose_time_is_over_is_told_and_counts_again_when_it_is_prolonged()
    {
        await using var site = await StartAsync();
        var key = KeyFileEditor.Add(KeyFilePath, new NewKey("old", [Role.Query]) { Expires = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero) }, DateTimeOffset.UnixEpoch).Text;
        await site.AcceptedAsync(key);
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        await visit.EnterKeyAsync(key);
        await visit.Page.GotoAsync("/#/search?caption=a red cube&top=2");
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(2);
        visit.ExpectFailedRequests();

        Rewrite("2100-01-01", "2001-01-01");
        await site.RefusedAsync(key);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the key has expired. A key is entered at the top of the page, under Key.");

        Rewrite("2001-01-01", "2100-01-01");
        await site.AcceptedAsync(key);
        await visit.EnterKeyAsync(key);
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(2);
    }

    private static ILocator Panel(IPage page, string name) => page.GetByRole(AriaRole.Region, new() { Name = name, Exact = true });

    private string Add(string name, Role role) => KeyFileEditor.Add(KeyFilePath, new NewKey(name, [role]), DateTimeOffset.UnixEpoch).Text;

    /// <summary>Puts something else in the place of a part of the file, at once, as an editor does.</summary>
    private void Rewrite(string part, string other)
    {
        var content = File.ReadAllText(KeyFilePath);
        Assert.Contains(part, content, StringComparison.Ordinal);
        File.WriteAllText(KeyFilePath + ".edited", content.Replace(part, other, StringComparison.Ordinal));
        File.Move(KeyFilePath + ".edited", KeyFilePath, overwrite: true);
    }

    private async Task<Site> StartAsync()
    {
        Add("first", Role.Query);
        return await Site.StartAsync(Site.Options(demo.Index) with { Access = new AccessOptions { KeyFile = KeyFilePath } });
    }
}
