using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

/// <summary>A real Kestrel that answers every search as a test wants it to: for faults a retrieval server does not have.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Answer = """{"hits":[],"query":null,"shortlisted":0,"reranked":0,"degraded":null,"model":"m","indexEpoch":1}""";

    private readonly WebApplication _app;
    private int _entered;
    private int _left;

    private TestServer(WebApplication app) => _app = app;

    /// <summary>Searches that have arrived.</summary>
    public int Entered => Volatile.Read(ref _entered);

    /// <summary>Searches whose caller left before he had an answer.</summary>
    public int Left => Volatile.Read(ref _left);

    public Uri Address => new(_app.Urls.Single());

    /// <param name="search">Answers the n-th search, from 0.</param>
    public static async Task<TestServer> StartAsync(Func<HttpContext, int, Task> search)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var server = new TestServer(app);
        app.Run(async context =>
        {
            var number = Interlocked.Increment(ref server._entered) - 1;
            try
            {
                await search(context, number);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                Interlocked.Increment(ref server._left);
            }
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>A server that holds every search until the gate opens, then answers all.</summary>
    public static Task<TestServer> HoldingAsync(Task gate) => StartAsync(async (context, _) =>
    {
        await gate.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync(Answer, context.RequestAborted);
    });

    public LoadClient Client(LoadOptions options)
    {
        var asked = options with { Server = Address };
        return new LoadClient(asked, new QueryMix(QueryKind.Images, ["a red cube"], [], asked));
    }

    public static LoadOptions Options => new() { Server = new Uri("http://127.0.0.1"), Top = 1, Shortlist = 1 };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
