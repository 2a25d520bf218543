using System.Text;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Retrieval.Server.Requests;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Http;

/// <summary>Rules of all requests: HEAD, hosts, headers of answers, numbers, percent-encoding, the log.</summary>
public sealed class RequestRuleTests(ServerFixture fixture)
{
    [Theory]
    [InlineData("/health/live", 200)]
    [InlineData("/health/ready", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/v1/model", 200)]
    [InlineData("/v1/images/plain.jpg", 200)]
    [InlineData("/v1/ingestions", 200)]
    [InlineData("/v1/images/nobody", 404)]
    [InlineData("/nowhere", 404)]
    [InlineData("/v1/search/images", 405)]
    public async Task Head_is_get_without_a_body(string path, int status)
    {
        using var get = await fixture.Client.AskAsync(path);
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(path, UriKind.Relative));
        using var head = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)head.StatusCode);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        var differing = new[] { "Date", "Transfer-Encoding", "traceresponse" };
        Assert.Equal(
            get.Headers.Where(header => !differing.Contains(header.Key)).Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order(),
            head.Headers.Where(header => !differing.Contains(header.Key)).Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order());
    }

    [Fact]
    public async Task A_head_leaves_its_connection_in_order()
    {
        var answer = await fixture.Server.RawAsync(
            "HEAD /v1/model HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        var answers = answer.Split("HTTP/1.1 ")[1..];
        Assert.Equal(["200", "404", "200"], answers.Select(each => each[..3]));
        Assert.EndsWith("\r\n\r\n", answers[0], StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answers[1], StringComparison.Ordinal);
        Assert.Contains("{\"status\":\"live\"}", answers[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/health/live")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/v1/model")]
    [InlineData("GET", "/openapi/v1.json")]
    [InlineData("GET", "/nowhere")]
    [InlineData("DELETE", "/v1/model")]
    [InlineData("POST", "/v1/search/images")]
    public async Task Every_answer_says_that_it_is_of_its_type_and_not_to_be_stored(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Theory]
    [InlineData("", "127.0.0.1", 200)]
    [InlineData("", "localhost:8080", 200)]
    [InlineData("", "[::1]:8080", 200)]
    [InlineData("", "LOCALHOST", 200)]
    [InlineData("", "evil.example", 400)]
    [InlineData("", "127.0.0.1.evil.example", 400)]
    [InlineData("", "10.0.0.1", 400)]
    [InlineData("*", "evil.example", 200)]
    [InlineData("search.example.com", "search.example.com:80", 200)]
    [InlineData("search.example.com; *.example.org", "a.example.org", 200)]
    [InlineData("search.example.com", "localhost", 400)]
    public async Task Only_the_hosts_that_are_allowed_may_be_named(string allowed, string host, int status)
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with { Http = options.Http with { AllowedHosts = allowed } });
        await server.ReadyAsync();

        var answer = await server.RawAsync($"GET /v1/model HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        var health = await server.RawAsync("GET /health/ready HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nConnection: close\r\n\r\n");
        var old = await server.RawAsync("GET /v1/model HTTP/1.0\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 400, answer.Contains("application/problem+json", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 200 ", health, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", old, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://localhost:8080;http://[::1]:8080", true)]
    [InlineData("http://127.0.0.1:8080;http://0.0.0.0:8081", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://10.1.2.3:8080", false)]
    public void Hosts_are_held_to_the_loopback_where_only_that_is_listened_on(string urls, bool held) =>
        Assert.Equal(held, new HttpOptions { Urls = urls }.Hosts is not null);

    [Theory]
    [InlineData("1.0", 1)]
    [InlineData("10.000", 10)]
    [InlineData("1e1", 10)]
    [InlineData("1E+2", 100)]
    [InlineData("100e-1", 10)]
    [InlineData("0.5e1", 5)]
    [InlineData("0.00000000000000000000000000000005e32", 5)]
    [InlineData("50000000000000000000000000000000e-31", 5)]
    [InlineData("-0", 0)]
    [InlineData("0e99999999999", 0)]
    [InlineData("-2147483648.0", -2147483648)]
    [InlineData("2147483647e0", 2147483647)]
    [InlineData("1.5", null)]
    [InlineData("1e-1", null)]
    [InlineData("2147483648", null)]
    [InlineData("2147483648.0", null)]
    [InlineData("1e400", null)]
    [InlineData("1e99999999999", null)]
    [InlineData("1.00000000000000000000000000000000000001", null)]
    public void A_whole_number_is_one_in_any_notation(string number, int? expected) =>
        Assert.Equal(expected, WholeNumber.TryRead(Encoding.ASCII.GetBytes(number), out var value) ? value : null);

    [Theory]
    [InlineData("\"top\": 1.0")]
    [InlineData("\"top\": 1e0, \"shortlist\": 1e1, \"deadlineMs\": 6e4")]
    public async Task A_search_takes_whole_numbers_in_any_notation(string members) =>
        Assert.Single((await fixture.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4", {{members}} }"""))["hits"]!.AsArray());

    [Theory]
    [InlineData("GET", "/v1/images/%zz", "id")]
    [InlineData("GET", "/v1/images/100%", "id")]
    [InlineData("GET", "/v1/images/%ff", "id")]
    [InlineData("GET", "/v1/images/a%2", "id")]
    [InlineData("GET", "http://x/v1/images/%zz", "id")]
    [InlineData("DELETE", "/v1/images/%C3%28", "id")]
    public async Task An_id_that_is_not_encoded_properly_is_refused(string method, string target, string field)
    {
        var answer = await fixture.Server.RawAsync($"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?captoin=w4", "captoin")]
    [InlineData("?caption=w4&metadata=x", "metadata")]
    [InlineData("?caption=%zz", "caption")]
    [InlineData("?caption=%ff", "caption")]
    [InlineData("?Caption=w4", "Caption")]
    public async Task A_parameter_of_a_put_that_is_unknown_or_not_encoded_properly_is_refused_by_name(string query, string field)
    {
        var npy = Image.Npy(3);
        var body = Encoding.Latin1.GetString(npy);
        var answer = await fixture.Server.RawAsync($"PUT /v1/images/never{query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-npy\r\nContent-Length: {npy.Length}\r\nConnection: close\r\n\r\n{body}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.Ordinal);
        await (await fixture.Client.PutAsync("/v1/images/never?x=1", Image.Body(1).ToJsonString())).ProblemAsync(400, "x");
        await (await fixture.Client.AskAsync("/v1/images/never")).ProblemAsync(404);
    }

    [Fact]
    public async Task A_method_that_a_caller_made_up_is_not_logged_nor_measured()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index));
        await server.RawAsync("ZEBRA /v1/model HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await server.RawAsync("get /v1/model HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        await Eventually.TrueAsync(() => server.Log.Of(1200).Count(entry => entry.Level == LogLevel.Information) >= 2, "the requests are logged");
        Assert.All(server.Log.Of(1200).Where(entry => entry.Level == LogLevel.Information), entry => Assert.StartsWith("(other) ", entry.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Category.StartsWith("Retrieval.", StringComparison.Ordinal) && entry.Message.Contains("ZEBRA", StringComparison.Ordinal));
        Assert.DoesNotContain("ZEBRA", await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://203.0.113.9:9000", "retrieval: cannot listen on an address of Http:Urls: ")]
    [InlineData("http://[2001:db8::9]:9000", "retrieval: cannot listen on an address of Http:Urls: ")]
    public async Task An_address_of_another_machine_ends_with_1_and_a_line(string url, string line)
    {
        using var errors = new StringWriter();

        Assert.Equal(RetrievalServer.Failed, await RetrievalServer.RunAsync(["--bundle", "b", "--index", "i", "--urls", url, "--log-level", "Fatal", "--Access:WithoutKeys=anyone-may-read-and-write"], errors, TestContext.Current.CancellationToken));
        Assert.StartsWith(line, Assert.Single(errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://search.example.com")]
    [InlineData("search.example.com:8080")]
    [InlineData("search.example.com/v1")]
    [InlineData("*example.com")]
    public void A_host_is_allowed_by_its_name_alone(string host)
    {
        var faults = Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", $"--Http:AllowedHosts=localhost;{host}"])).Faults;

        Assert.Equal([$"Http:AllowedHosts holds '{host}'; expected a host without scheme, port or path, such as search.example.com, *.example.com or *"], faults);
    }

    [Fact]
    public void A_name_cannot_be_listened_on()
    {
        var faults = Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", "--urls", "http://nosuch.invalid:9001"])).Faults;

        Assert.Equal(["Http:Urls holds 'http://nosuch.invalid:9001'; expected an IP address, localhost, or * for every address of the machine: a name cannot be listened on"], faults);
    }
}
