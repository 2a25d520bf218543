using Microsoft.Extensions.Logging;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Http;

/// <summary>Bodies that are broken on the wire, by raw sockets.</summary>
public sealed class BrokenBodyTests(ServerFixture fixture)
{
    private static readonly string[] Targets =
    [
        "POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
        "PUT /v1/images/never HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
        "PUT /v1/images/never HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-npy\r\n",
    ];

    private static readonly (string Body, string Status)[] Bodies =
    [
        ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", "400"),
        ("Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{}", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n80000000\r\n{}", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n-1\r\n{}", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nno trailer\r\n\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n00000000000000000000000000000002\r\n{}\r\n0\r\n\r\n", "400"),
        ("Content-Length: x\r\n\r\n{}", "400"),
        ("Content-Length: -2\r\n\r\n{}", "400"),
        ("Content-Length: 99999999999999999999\r\n\r\n{}", "400"),
        ("Content-Length: 9999999999\r\n\r\n{}", "413"),
        ("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"),
        ("Transfer-Encoding: gzip\r\n\r\n{}", "400"),
    ];

    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var target in Targets)
            {
                foreach (var (body, status) in Bodies)
                {
                    table.Add(target + body, status);
                }
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_body_that_is_not_http_is_the_callers_fault_and_the_connection_ends(string request, string status)
    {
        var answer = await fixture.Server.RawAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Contains($"\"status\":{status}", answer, StringComparison.Ordinal);
        Assert.Single(answer.Split("HTTP/1.1 ")[1..]);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /v1/model HTTP/1.1\r\nHost: x\r\n", "200")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\n", "200")]
    [InlineData("POST /nowhere HTTP/1.1\r\nHost: x\r\n", "404")]
    [InlineData("POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n", "415")]
    public async Task A_broken_body_that_nobody_reads_does_not_reach_the_log(string request, string status)
    {
        await using var server = await StartAsync();
        var answer = await server.RawAsync(request + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Broken_bodies_leave_no_error_in_the_log()
    {
        await using var server = await StartAsync();
        foreach (var (body, _) in Bodies)
        {
            await server.RawAsync(Targets[0] + body);
        }

        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    private async Task<RunningServer> StartAsync()
    {
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index));
        return await server.ReadyAsync();
    }
}
