using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Http;

/// <summary>Errors that the HTTP server answers before there is a request.</summary>
public sealed class BareErrorTests(ServerFixture fixture)
{
    public static TheoryData<string, int> Requests => new()
    {
        { "GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n", 505 },
        { "GET /health/live HTTP/1.7\r\nHost: x\r\n\r\n", 505 },
        { $"GET /{new string('x', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 414 },
        { $"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('x', 40_000)}\r\n\r\n", 431 },
        { $"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"x{i}: 1\r\n"))}\r\n", 431 },
        { "NONSENSE\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nno header\r\n\r\n", 400 },
        { "GET /v1/images/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400 },
        { "POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400 },
        { "POST /v1/score HTTP/1.0\r\nContent-Type: application/json\r\n\r\n{}", 400 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task What_never_becomes_a_request_is_a_problem_with_a_body(string request, int status) =>
        Check(await fixture.Server.RawAsync(request), status);

    [Fact]
    public async Task Also_behind_a_request_that_was_answered_on_the_same_connection()
    {
        var answer = await fixture.Server.RawAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/3.0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Check(answer[answer.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..], 505);
    }

    [Fact]
    public async Task Headers_that_come_too_slowly_are_a_problem_with_a_body()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with { Http = options.Http with { HeaderTimeoutSeconds = 1 } });

        Check(await server.RawAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n"), 408);
    }

    [Theory]
    [InlineData("HEAD /v1/images/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("HEAD / HTTP/1.1\r\nno header\r\n\r\n", 400)]
    [InlineData("HEAD / HTTP/2.0\r\n\r\n", 505)]
    public async Task An_answer_to_head_has_the_headers_and_no_body(string request, int status)
    {
        Alone(await fixture.Server.RawAsync(request), status);

        var behind = await fixture.Server.RawAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" + request);
        Alone(behind[behind.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..], status);
        var after = await fixture.Server.RawAsync("HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n" + request.Replace("HEAD", "GET", StringComparison.Ordinal));
        Check(after[after.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..], status);
    }

    private static void Alone(string answer, int status)
    {
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(answer.Length - 4, answer.IndexOf("\r\n\r\n", StringComparison.Ordinal));
        Assert.Contains("\r\nContent-Type: application/problem+json", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nContent-Length: 0\r\n", answer, StringComparison.Ordinal);
    }

    private static void Check(string answer, int status)
    {
        var parts = answer.Split("\r\n\r\n", 2);

        Assert.StartsWith($"HTTP/1.1 {status} ", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nCache-Control: no-store", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nX-Content-Type-Options: nosniff", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close", parts[0], StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", parts[0] + "\r\n", StringComparison.Ordinal);
        var problem = JsonNode.Parse(parts[1])!;
        Assert.Equal(status, (int)problem["status"]!);
        Assert.NotEmpty((string)problem["detail"]!);
        Assert.NotEmpty((string)problem["traceId"]!);
    }
}
