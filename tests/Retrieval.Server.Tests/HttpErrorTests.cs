using System.Net;
using System.Text;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

[Trait("Promise", "7")]
public sealed class HttpErrorTests(ServerFixture fixture)
{
    [Theory]
    [InlineData("/console")]
    [InlineData("/console/nothing.js")]
    [InlineData("/v1")]
    [InlineData("/v1/search")]
    [InlineData("/v2/search/images")]
    [InlineData("/openapi/v2.json")]
    public async Task An_unknown_path_is_a_404_with_a_body(string path) =>
        await (await fixture.Client.AskAsync(path)).ProblemAsync(404);

    [Theory]
    [InlineData("GET", "/v1/search/images", "POST")]
    [InlineData("PUT", "/v1/score", "POST")]
    [InlineData("POST", "/v1/model", "GET, HEAD")]
    [InlineData("POST", "/v1/images/plain.jpg", "DELETE, GET, HEAD, PUT")]
    [InlineData("POST", "/health/live", "GET, HEAD")]
    [InlineData("BREW", "/metrics", "GET, HEAD")]
    public async Task Another_method_is_a_405_that_names_the_allowed(string method, string path, string allowed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        await response.ProblemAsync(405);
        Assert.Equal(allowed.Split(", "), response.Content.Headers.Allow.Order());
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("text/plain", null)]
    [InlineData("application/xml", null)]
    [InlineData("application/x-www-form-urlencoded", null)]
    [InlineData("application/json; charset=utf-16", null)]
    [InlineData("application/jsonp", null)]
    [InlineData("application/json", "gzip")]
    [InlineData("application/json", "br, gzip")]
    public async Task Another_type_or_coding_of_the_body_is_a_415(string? type, string? encoding)
    {
        using var content = new ByteArrayContent("{\"caption\":\"w4\"}"u8.ToArray());
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        using var response = await fixture.Client.PostAsync(new Uri("/v1/search/images", UriKind.Relative), content, TestContext.Current.CancellationToken);

        await response.ProblemAsync(415);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    [InlineData("Application/JSON")]
    public async Task The_type_of_json_may_be_written_in_its_ways(string type)
    {
        using var content = new ByteArrayContent("{\"caption\":\"w4\"}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await fixture.Client.PostAsync(new Uri("/v1/search/images", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{\"a\":", "400")]
    [InlineData("POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", "400")]
    [InlineData("POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n{", "413")]
    public async Task A_broken_body_is_the_callers_fault_and_has_a_problem(string request, string status)
    {
        var answer = await fixture.Server.RawAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NONSENSE\r\n\r\n", "400")]
    [InlineData("GET /v1/images/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("POST /v1/search/images HTTP/1.0\r\nContent-Type: application/json\r\n\r\n{}", "400")]
    [InlineData("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "400")]
    public async Task What_is_not_http_is_refused_before_there_is_a_request(string request, string status) =>
        Assert.StartsWith($"HTTP/1.1 {status} ", await fixture.Server.RawAsync(request), StringComparison.Ordinal);

    [Fact]
    public async Task Headers_without_end_are_a_431() =>
        Assert.StartsWith("HTTP/1.1 431 ", await fixture.Server.RawAsync($"GET /health/live HTTP/1.1\r\nHost: x\r\nX: {new string('x', 40_000)}\r\n\r\n"), StringComparison.Ordinal);

    [Fact]
    public async Task The_absolute_form_of_proxies_is_understood()
    {
        var answer = await fixture.Server.RawAsync("GET http://example.org/v1/images/a%2Fb%2Fc.jpg HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"a/b/c.jpg\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_of_the_caller_is_the_trace_of_the_problem()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/nowhere", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", (string?)(await response.ProblemAsync(404))["traceId"]);
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_runs_on()
    {
        using var response = await fixture.Client.AskAsync("/health/live");

        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Random_bodies_are_never_a_fault_of_the_server()
    {
        var random = new Random(20_251_120);
        string[] seeds =
        [
            """{ "caption": "w4 w5 w6", "top": 3, "shortlist": 20, "deadlineMs": 5000, "filter": { "split": ["test", "train"] } }""",
            """{ "queries": [ { "caption": "w4", "top": 1 }, { "imageId": "plain.jpg", "top": 1 } ] }""",
            """{ "pairs": [ { "imageId": "plain.jpg", "caption": "w4" }, { "imageId": "plain.jpg", "captionId": "plain.jpg#0" } ] }""",
            """{ "imageId": "a/b/c.jpg", "top": 2 }""",
        ];
        string[] paths = ["/v1/search/images", "/v1/search/captions", "/v1/search/batch", "/v1/score"];
        for (var i = 0; i < 400; i++)
        {
            using var content = new ByteArrayContent(Mutate(random, Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)])));
            content.Headers.ContentType = new("application/json");
            var path = paths[random.Next(paths.Length)];
            using var response = await fixture.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            // A deadline that lost its digits is the caller's own.
            var late = (int)response.StatusCode == 504 && text.Contains("the deadline of", StringComparison.Ordinal);
            Assert.True((int)response.StatusCode < 500 || late, $"round {i}: {path} {await content.ReadAsStringAsync(TestContext.Current.CancellationToken)} gave {text}");
            Assert.NotEmpty(text);
        }
    }

    private static byte[] Mutate(Random random, byte[] body)
    {
        var bytes = body.ToList();
        for (var edits = random.Next(1, 6); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 8), bytes.Count - at));
                    break;
                case 2:
                    bytes.Insert(at, (byte)"{}[]\",:\\0-eu"[random.Next(12)]);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 30), bytes.Count - at)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
