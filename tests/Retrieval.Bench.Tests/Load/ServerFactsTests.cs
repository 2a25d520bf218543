using Microsoft.AspNetCore.Http;
using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

/// <summary>What a server says of itself is printed, so it must not reach the terminal as it is.</summary>
public sealed class ServerFactsTests
{
    private const string Escape = "\u001b";

    [Fact]
    public async Task Names_that_a_server_gives_are_shown_without_its_escapes()
    {
        await using var server = await TestServer.StartAsync((context, _) => context.Request.Path == "/v1/model"
            ? context.Response.WriteAsync("""{"model":"a\u001b[2Jb","precision":"float32","provider":"cpu","shortlist":"exact","index":{"images":3,"captions":4}}""")
            : Task.CompletedTask);

        var facts = await ReadAsync(server);

        Assert.Equal(new ServerFacts("a\ufffd[2Jb", "float32", "cpu", "exact", 3, 4), facts);
    }

    [Fact]
    public async Task What_a_server_says_that_is_not_ready_is_shown_without_its_escapes()
    {
        await using var server = await TestServer.StartAsync((context, _) =>
        {
            context.Response.StatusCode = 503;
            return context.Response.WriteAsync($"soon{Escape}[2J");
        });

        var refused = await Assert.ThrowsAsync<LoadException>(() => ReadAsync(server));

        Assert.Contains("soon\ufffd[2J", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<ServerFacts> ReadAsync(TestServer server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        return await ServerFacts.ReadAsync(http, TestContext.Current.CancellationToken);
    }
}
