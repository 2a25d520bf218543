using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Retrieval.Console.Tests.Hosting;

/// <summary>A page, and everything that went wrong in it: what it wrote to its console, exceptions, requests to other places.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<string> _expected = new();
    private volatile bool _failedRequestsAreFaults = true;

    private Visit(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => Note(
            message.Type is "error" or "warning" && (_failedRequestsAreFaults || !message.Text.StartsWith("Failed to load resource: ", StringComparison.Ordinal)), $"console: {message.Text}");
        page.PageError += (_, error) => _faults.Enqueue($"exception: {error}");
        page.Request += (_, request) => Note(!IsOwn(request.Url), $"request to another place: {request.Url}");
        page.Dialog += (_, dialog) => _faults.Enqueue($"dialog: {dialog.Message}");
    }

    public IPage Page { get; }

    /// <summary>Faults so far. A test that means to have one takes it away by <see cref="Expect"/>.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public static async Task<Visit> OpenAsync(IBrowserContext context, string path)
    {
        var visit = new Visit(context, await context.NewPageAsync());
        await visit.Page.GotoAsync(path);
        return visit;
    }

    /// <summary>Checks that there are faults, all of which hold a text, and forgets them.</summary>
    public void Expect(string part)
    {
        Assert.NotEmpty(_faults);
        Assert.All(_faults, fault => Assert.Contains(part, fault, StringComparison.Ordinal));
        _faults.Clear();
    }

    /// <summary>Checks that there are faults, all of which hold a text; any number of such may follow, of a page with several parts that each meet the same.</summary>
    public void ExpectAny(string part)
    {
        _expected.Enqueue(part);
        Expect(part);
    }

    /// <summary>From now on the browser's own lines on requests that failed are no faults, of which a page that asks again has any number.</summary>
    public void ExpectFailedRequests() => _failedRequestsAreFaults = false;

    /// <summary>Enters a key as a person does.</summary>
    public async Task EnterKeyAsync(string key)
    {
        await Page.Locator(".key summary").ClickAsync();
        await Page.Locator("#key").FillAsync(key);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Checks that axe finds nothing.</summary>
    public async Task IsAccessibleAsync()
    {
        var result = await Page.RunAxe();
        Assert.Empty(result.Violations.Select(found => $"{found.Id}: {found.Help}: {string.Join(" | ", found.Nodes.Select(node => node.Html))}"));
    }

    /// <summary>Checks that nothing is wider than the window.</summary>
    public async Task FitsAsync()
    {
        var width = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(width <= 0, $"the page is {width} pixels wider than its window");
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.DoesNotContain(_faults, fault => !_expected.Any(part => fault.Contains(part, StringComparison.Ordinal)));
    }

    private void Note(bool isFault, string fault)
    {
        if (isFault)
        {
            _faults.Enqueue(fault);
        }
    }

    private bool IsOwn(string url) => url.StartsWith("data:", StringComparison.Ordinal) || new Uri(url.StartsWith("blob:", StringComparison.Ordinal) ? url["blob:".Length..] : url).Authority == new Uri(Page.Url == "about:blank" ? url : Page.Url).Authority;
}
