using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Retrieval.Server.Tests.Metrics;

/// <summary>A collector that keeps what it is sent, over HTTP as protobuf.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();

    private OtlpCollector(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            collector._received.Enqueue((context.Request.Path, body.ToArray()));
        });
        await app.StartAsync();
        return collector;
    }

    /// <summary>The spans that came, of all scopes.</summary>
    public IReadOnlyList<OtlpSpan> Spans() => [.. _received.Where(sent => sent.Path == "/v1/traces").SelectMany(sent => OtlpSpan.Read(sent.Body))];

    /// <summary>Everything that came, as text in which whatever is text can be found.</summary>
    public string Text() => string.Concat(_received.Select(sent => Encoding.Latin1.GetString(sent.Body)));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
