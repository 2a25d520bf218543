using Microsoft.AspNetCore.Http;
using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

/// <summary>What becomes of a request, told apart over a real connection.</summary>
public sealed class ExchangeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_has_its_stages_and_says_whether_it_is_less_than_was_asked_for()
    {
        var whole = await AskAsync(context =>
        {
            context.Response.Headers["Server-Timing"] = "encode;dur=1.5, score;dur=20, cache;desc=\"hit\", total;dur=21.75";
            return context.Response.WriteAsync(TestServer.Answer);
        });
        var degraded = await AskAsync(context => context.Response.WriteAsync(TestServer.Answer.Replace("\"degraded\":null", "\"degraded\":\"deadline\"", StringComparison.Ordinal)));

        Assert.Equal((ExchangeKind.Answered, 200, null), (whole.Kind, whole.Status, whole.Degraded));
        Assert.Equal([new("encode", 1.5), new("score", 20), new("total", 21.75)], whole.Stages!);
        Assert.Equal((ExchangeKind.Answered, "deadline"), (degraded.Kind, degraded.Degraded));
    }

    [Theory]
    [InlineData(429, ExchangeKind.Shed)]
    [InlineData(504, ExchangeKind.Late)]
    [InlineData(503, ExchangeKind.Refused)]
    [InlineData(500, ExchangeKind.Refused)]
    [InlineData(302, ExchangeKind.Refused)]
    public async Task Refusals_are_told_apart_by_status(int status, object kind)
    {
        var bare = await AskAsync(context => Refuse(context, status, null));
        var told = await AskAsync(context => Refuse(context, status, "3"));

        Assert.Equal(((ExchangeKind)kind, status, null), (bare.Kind, bare.Status, bare.RetryAfter));
        Assert.Equal(((ExchangeKind)kind, status, TimeSpan.FromSeconds(3)), (told.Kind, told.Status, told.RetryAfter));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("""{"hits":[]}""")]
    [InlineData("""{"hits":[],"degraded":null""")]
    [InlineData("""{"hits":{},"degraded":null}""")]
    [InlineData("""[{"hits":[],"degraded":null}]""")]
    public async Task A_200_that_is_no_answer_is_a_failure(string body)
    {
        var exchange = await AskAsync(context => context.Response.WriteAsync(body));

        Assert.Equal((ExchangeKind.Failed, 200, "no search's answer"), (exchange.Kind, exchange.Status, exchange.Fault));
    }

    [Fact]
    public async Task A_connection_that_breaks_is_a_failure_and_so_is_one_that_never_comes_about()
    {
        var before = await AskAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var within = await AskAsync(async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        LoadClient gone;
        await using (var server = await TestServer.StartAsync((_, _) => Task.CompletedTask))
        {
            gone = server.Client(TestServer.Options);
        }

        using (gone)
        {
            Assert.Equal((ExchangeKind.Failed, "connect"), Short(await gone.SendAsync(0, Cancelled)));
        }

        Assert.All([before, within], exchange => Assert.Equal(ExchangeKind.Failed, exchange.Kind));
        Assert.All([before, within], exchange => Assert.Contains(exchange.Fault, (string[])["connection closed", "connection broken"]));
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_a_failure()
    {
        var exchange = await AskAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted), TestServer.Options with { TimeoutMs = 50 });

        Assert.Equal((ExchangeKind.Failed, "timeout"), Short(exchange));
    }

    [Fact]
    public async Task Clients_that_leave_close_their_connection_and_are_no_failures()
    {
        await using var server = await TestServer.HoldingAsync(Task.Delay(Timeout.Infinite, Cancelled));
        using var client = server.Client(TestServer.Options with { Disconnect = 1, DisconnectWithinMs = 500 });

        var exchanges = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => client.SendAsync(number, Cancelled)));

        Assert.All(exchanges, exchange => Assert.Equal(ExchangeKind.Left, exchange.Kind));
        Assert.InRange(server.Entered, 1, 20);
        await Eventually.TrueAsync(() => server.Left == server.Entered, "the server has noticed all departures");
    }

    private static (ExchangeKind, string?) Short(Exchange exchange) => (exchange.Kind, exchange.Fault);

    private static Task Refuse(HttpContext context, int status, string? retryAfter)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    }

    private static async Task<Exchange> AskAsync(Func<HttpContext, Task> answer, LoadOptions? options = null)
    {
        await using var server = await TestServer.StartAsync((context, _) => answer(context));
        using var client = server.Client(options ?? TestServer.Options);
        return await client.SendAsync(0, Cancelled);
    }
}
