using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>A server that is killed, and started again, while somebody looks at the page.</summary>
public sealed class ComesBackTests(Chromium browser, DemoSite demo)
{
    private const string Away = "The service does not answer.";

    // Each view, and what is in it once it is whole.
    private static readonly (string Path, string Whole)[] Views =
    [
        ("/#/search", ".begin .hit"),
        ("/#/search?caption=a red cube&filter=objects%3E%3D6", ".hit"),
        ("/#/search?like=scene-000000", ".hit"),
        ("/#/browse", ".hit"),
        ("/#/why?imageId=scene-000000&caption=a red cube", ".output"),
        ("/#/compare", "[placeholder=default]"),
        ("/#/compare?caption=a red cube&bShortlist=100", ".sameness"),
        ("/#/operate", "[aria-labelledby=times] table, [aria-labelledby=times] .faint"),
    ];

    [Fact]
    public async Task Every_view_says_that_the_server_is_away_and_goes_on_by_itself_when_it_is_back()
    {
        using var server = await ServerProcess.StartAsync(demo.Index);
        var visits = new List<Visit>();
        try
        {
            foreach (var _ in Views)
            {
                visits.Add(await browser.VisitAsync(server.Address, "/#/nowhere"));
                await Expect(visits[^1].Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Nothing here");
                visits[^1].ExpectFailedRequests();
            }

            await server.KillAsync();
            foreach (var (visit, (path, _)) in visits.Zip(Views))
            {
                await visit.Page.GotoAsync(path);
                await Expect(visit.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync(Away);
            }

            await server.StartAgainAsync();
            foreach (var (visit, (path, whole)) in visits.Zip(Views))
            {
                await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
                await Expect(visit.Page.Locator(whole).First).ToBeVisibleAsync();
                Assert.EndsWith(new Uri(server.Address, path).Fragment, visit.Page.Url, StringComparison.Ordinal);
            }
        }
        finally
        {
            foreach (var visit in visits)
            {
                await visit.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task What_was_typed_is_kept_and_a_search_that_was_under_way_is_answered_when_the_server_is_back()
    {
        using var server = await ServerProcess.StartAsync(demo.Index);
        await using var visit = await browser.VisitAsync(server.Address, "/#/search?caption=a red cube");
        var page = visit.Page;
        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        visit.ExpectFailedRequests();

        await server.FreezeAsync();
        await InterruptedSearch.EnterAsync(page);
        await Expect(page.GetByText("Asking …")).ToBeVisibleAsync();
        await server.KillAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(Away);
        await Expect(page.GetByText("The page asks again by itself")).ToBeVisibleAsync();
        await InterruptedSearch.TypeNextAsync(page);

        await server.StartAgainAsync();

        await InterruptedSearch.ExpectAnsweredAsync(page);
    }

    [Fact]
    public async Task Operate_keeps_its_form_and_has_its_numbers_again_when_the_server_is_back()
    {
        using var server = await ServerProcess.StartAsync(demo.Index);
        await using var visit = await browser.VisitAsync(server.Address, "/#/operate");
        var page = visit.Page;
        var index = page.GetByRole(AriaRole.Region, new() { Name = "Index", Exact = true });
        var runs = page.GetByRole(AriaRole.Region, new() { Name = "Ingestions" });
        await Expect(index).ToContainTextAsync("1,000");
        await runs.GetByLabel("Folder below a configured root").FillAsync("my/folder");
        visit.ExpectFailedRequests();

        await server.KillAsync();
        await Expect(index).ToContainTextAsync(Away);
        await Expect(runs).ToContainTextAsync(Away);
        await runs.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await server.StartAgainAsync();

        await Expect(index).ToContainTextAsync("1,000");
        await Expect(runs).ToContainTextAsync("No runs yet.");
        await Expect(runs.GetByLabel("Folder below a configured root")).ToHaveValueAsync("my/folder");
    }

    [Fact]
    public async Task Pictures_that_were_not_fetched_yet_wait_for_the_server()
    {
        using var server = await ServerProcess.StartAsync(demo.Index);
        await using var visit = await browser.VisitAsync(server.Address, "/#/browse");
        var page = visit.Page;
        await Expect(page.Locator(".hit")).ToHaveCountAsync(48);
        await Expect(page.Locator(".hit img").First).ToHaveJSPropertyAsync("naturalWidth", 128);
        visit.ExpectFailedRequests();

        await server.KillAsync();
        var failed = new TaskCompletionSource();
        page.RequestFailed += (_, _) => failed.TrySetResult();
        await page.Locator(".hit").Last.ScrollIntoViewIfNeededAsync();
        await failed.Task.WaitAsync(TestContext.Current.CancellationToken);
        await server.StartAgainAsync();

        await Expect(page.Locator(".hit img").Last).ToHaveJSPropertyAsync("naturalWidth", 128);
        await Expect(page.GetByText("no picture")).ToHaveCountAsync(0);
    }
}
