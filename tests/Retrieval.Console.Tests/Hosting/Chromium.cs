using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Retrieval.Console.Tests.Hosting;

/// <summary>The browser of the machine, one for all tests. Playwright brings the driver and no browser.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        // Only a test that fails waits so long: a page asks every two seconds, and a machine that runs several suites at once is slow.
        Assertions.SetDefaultExpectTimeout(60_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Find(),
            // Chromium does not run its sandbox as root, as CI does; only pages of these tests are opened.
            Args = Environment.UserName == "root" ? ["--no-sandbox"] : [],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>A page with storage of its own.</summary>
    internal async Task<Visit> VisitAsync(Uri address, string path = "/", ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 860)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        await context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        return await Visit.OpenAsync(context, path);
    }

    private static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"none of {string.Join(", ", Names)} is on the PATH; on Debian: apt-get install chromium");
}
