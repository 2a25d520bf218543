using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class SearchByImageTests(Chromium browser, DemoSite site)
{
    [Fact]
    public async Task More_like_this_leads_from_a_hit_to_images_like_it_and_on_to_the_next_page()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/search?caption=a striped red cube&top=5");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "More like this" }).First.ClickAsync();

        await Expect(page.GetByLabel("Search by")).ToHaveValueAsync("like");
        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        await Expect(page.Locator(".hit").First).ToContainTextAsync("first stage");
        await Expect(page.Locator(".hit").First).Not.ToContainTextAsync("not reranked");
        await visit.IsAccessibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Next hits" }).ClickAsync();
        await Expect(page.Locator(".hit .rank").First).ToHaveTextAsync("11");
        await page.GetByRole(AriaRole.Link, new() { Name = "Previous hits" }).ClickAsync();
        await Expect(page.Locator(".hit .rank").First).ToHaveTextAsync("1");
    }

    [Theory]
    [InlineData("captions")]
    [InlineData("images")]
    public async Task A_file_of_features_is_chosen_and_searched_with(string find)
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await page.GetByLabel("For features of an image, find").SelectOptionAsync(find);

        await page.GetByLabel("Choose or drop an .npy file").SetInputFilesAsync(new FilePayload { Name = "dog.npy", MimeType = "application/octet-stream", Buffer = Npy() });

        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);
        await Expect(page.Locator(".hit .caption")).ToHaveCountAsync(find == "captions" ? 10 : 0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy as curl" }).ClickAsync();
        await Expect(page.GetByText("Copied")).ToBeVisibleAsync();
        Assert.Equal(
            $"curl -s '{site.Address}v1/search/{find}' -H 'content-type: application/x-npy' --data-binary @features.npy",
            await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await visit.IsAccessibleAsync();
    }

    [Fact]
    public async Task A_file_is_dropped_and_forgotten_when_the_page_is_loaded_anew()
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        var transfer = await page.EvaluateHandleAsync(
            "base64 => { const files = new DataTransfer(); files.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], 'dropped.npy')); return files; }", Convert.ToBase64String(Npy()));
        await page.DispatchEventAsync(".features", "drop", new { dataTransfer = transfer });
        await Expect(page.Locator(".hit")).ToHaveCountAsync(10);

        await page.ReloadAsync();

        await Expect(page.GetByText("dropped.npy is no longer held by the page: choose it again.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_array_has_the_services_reason()
    {
        await using var visit = await browser.VisitAsync(site.Address);

        await visit.Page.GetByLabel("Choose or drop an .npy file").SetInputFilesAsync(new FilePayload { Name = "text.npy", MimeType = "text/plain", Buffer = "abc"u8.ToArray() });

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("3 bytes are no whole number of float32, and no .npy file");
        visit.Expect("Failed to load resource");
    }

    [Theory]
    [InlineData("features.npz", "PK\u0003\u0004", "features.npz is an archive of arrays (.npz). Taken are the region features of one image: one array [regions, width] as an .npy file")]
    [InlineData("dog.jpg", "\u00ff\u00d8\u00ff\u00e0", "dog.jpg is a picture. Taken are the region features of one image")]
    public async Task A_file_that_holds_no_single_array_is_told_with_the_forms_that_are_taken(string name, string begins, string told)
    {
        await using var visit = await browser.VisitAsync(site.Address);
        var transfer = await visit.Page.EvaluateHandleAsync(
            "([name, text]) => { const files = new DataTransfer(); files.items.add(new File([Uint8Array.from(text, c => c.charCodeAt(0))], name)); return files; }", new[] { name, begins + "rest" });

        await visit.Page.DispatchEventAsync(".features", "drop", new { dataTransfer = transfer });

        await Expect(visit.Page.Locator(".features [role=status]")).ToContainTextAsync(told);
        await Expect(visit.Page.Locator(".features [role=status]")).ToContainTextAsync(name.EndsWith(".npz", StringComparison.Ordinal) ? "numpy.load(\"features.npz\")" : "bare float32");
    }

    private static byte[] Npy()
    {
        using var folder = new TemporaryFolder();
        float[] values = [.. Enumerable.Range(0, 36 * 192).Select(i => (i % 13) / 6f)];
        return File.ReadAllBytes(folder.WriteNpy("features.npy", values, [36, 192]));
    }
}
