using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class AppearanceTests(Chromium browser, DemoSite demo, MarkupSite markup)
{
    // Each view, and what is in it once it is whole.
    private static readonly Dictionary<string, string> Views = new()
    {
        ["/#/search"] = ".begin .hit",
        ["/#/browse"] = ".hit",
        ["/#/search?caption=a glass zebra and a red cube"] = ".hit",
        ["/#/search?imageId=scene-000000"] = ".hit",
        ["/#/compare?caption=a red cube&bShortlist=100"] = ".sameness",
        ["/#/operate"] = "[aria-labelledby=times] table",
        ["/#/nowhere"] = "h1",
    };

    public static TheoryData<string, ColorScheme> All => new(
        from path in Views.Keys.Append(WhyPath) from scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark] select (path, scheme));

    public static TheoryData<string> Paths => [.. Views.Keys, WhyPath];

    private const string WhyPath = "/#/why?imageId=plain&caption=a man with a zzyzx";

    [Theory]
    [MemberData(nameof(All))]
    public async Task Axe_finds_nothing(string path, ColorScheme scheme)
    {
        await using var visit = await OpenAsync(path, scheme, 1280);

        await visit.IsAccessibleAsync();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_phone_shows_it_without_scrolling_sideways(string path)
    {
        await using var visit = await OpenAsync(path, ColorScheme.Light, 360);

        await visit.FitsAsync();
        await visit.IsAccessibleAsync();
    }

    [Fact]
    public async Task Nothing_moves_while_pictures_arrive()
    {
        await using var visit = await browser.VisitAsync(demo.Address, "/#/search?caption=a red cube");
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(10);
        await visit.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        var shift = await visit.Page.EvaluateAsync<double>("""
            () => new Promise(told => new PerformanceObserver(list => told(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
                .observe({ type: "layout-shift", buffered: true }) ?? requestAnimationFrame(() => requestAnimationFrame(() => told(0))))
            """);

        Assert.True(shift < 0.02, $"the layout shifted by {shift}");
    }

    private async Task<Visit> OpenAsync(string path, ColorScheme scheme, int width)
    {
        var visit = await browser.VisitAsync(path == WhyPath ? markup.Address : demo.Address, path, scheme, width);
        await Expect(visit.Page.Locator(path == WhyPath ? ".output" : Views[path]).First).ToBeVisibleAsync();
        return visit;
    }
}
