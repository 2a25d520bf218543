using System.Net;
using System.Text.RegularExpressions;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Server.Configuration;

namespace Retrieval.Console.Tests;

public sealed partial class ServedFilesTests(DemoSite site) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = site.Address };

    public static TheoryData<string> Files => [.. Directory.GetFiles(Path.Combine(Repository.Root, "src", "Retrieval.Server", "Console", "web")).Select(path => Path.GetFileName(path))];

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task The_page_allows_only_what_comes_from_the_service()
    {
        using var page = await _client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_is_the_committed_one_and_is_not_sent_again_to_who_has_it(string name)
    {
        var address = name == "index.html" ? "/" : "/console/" + name;
        using var first = await _client.GetAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "src", "Retrieval.Server", "Console", "web", name), TestContext.Current.CancellationToken),
            await first.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var second = await _client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task No_file_makes_markup_of_a_text_or_names_another_place(string name)
    {
        var text = await _client.GetStringAsync(name == "index.html" ? "/" : "/console/" + name, TestContext.Current.CancellationToken);

        Assert.DoesNotMatch(Markup(), text);
        Assert.All(Address().Matches(text), address => Assert.Equal("http://www.w3.org/2000/svg", address.Value));
    }

    [Fact]
    public async Task Pictures_of_another_place_are_allowed_by_the_policy_and_redirected_to()
    {
        await using var other = await Site.StartAsync(Site.Options(site.Index) with { Pictures = new PictureOptions { UrlTemplate = "https://pictures.example.com/a/{id}.jpg" } });
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = other.Address };

        using var page = await client.GetAsync("/", TestContext.Current.CancellationToken);
        using var picture = await client.GetAsync("/v1/pictures/a%2F..%2Fb%20c", TestContext.Current.CancellationToken);

        Assert.Contains("img-src 'self' blob: https://pictures.example.com;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, picture.StatusCode);
        Assert.Equal("https://pictures.example.com/a/a%2F..%2Fb%20c.jpg", picture.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task One_option_turns_the_console_off()
    {
        await using var without = await Site.StartAsync(Site.Options(site.Index) with { Console = new ConsoleOptions { Enabled = false } });
        using var client = new HttpClient { BaseAddress = without.Address };

        using var page = await client.GetAsync("/", TestContext.Current.CancellationToken);
        using var script = await client.GetAsync("/console/main.js", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, script.StatusCode);
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|<style|<script(?! type=""module"" src=)| style=""")]
    private static partial Regex Markup();

    [GeneratedRegex(@"https?://[^""'\s]+")]
    private static partial Regex Address();
}
