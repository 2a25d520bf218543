using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests.Hosting;

/// <summary>A search that does not come through at first, and the caption that somebody types meanwhile.</summary>
internal static class InterruptedSearch
{
    /// <summary>Enters a search with a filter.</summary>
    public static async Task EnterAsync(IPage page)
    {
        await page.GetByText("Options").ClickAsync();
        await page.GetByLabel("Filter by metadata").FillAsync("background=navy");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("a banded blue star");
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Types what is to come next.</summary>
    public static Task TypeNextAsync(IPage page) => page.GetByRole(AriaRole.Searchbox).FillAsync("what comes next");

    /// <summary>Expects the answer of the search, and everything that was typed.</summary>
    public static async Task ExpectAnsweredAsync(IPage page)
    {
        await Expect(page.Locator(".hit").Filter(new() { HasText = "background=navy" })).ToHaveCountAsync(10);
        await Expect(page.Locator(".read")).ToContainTextAsync("a banded blue star");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("what comes next");
        await Expect(page.GetByLabel("Filter by metadata")).ToHaveValueAsync("background=navy");
    }
}
