using System.Net;
using Microsoft.AspNetCore.Builder;
using Retrieval.Features.MetadataFiles;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Server;
using Retrieval.Server.Configuration;

namespace Retrieval.Console.Tests.Hosting;

/// <summary>A real server on a port of its own, with the committed demo bundle.</summary>
public sealed class Site : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Site(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
    }

    /// <summary>Folder of the demo's model, corpus and pictures.</summary>
    public static string Scenes { get; } = Path.Combine(Repository.Root, "models", "scenes");

    public Uri Address { get; }

    public static ServerOptions Options(string index) => new()
    {
        Http = new HttpOptions { Urls = "http://127.0.0.1:0" },
        Snapshot = new ServerSnapshotOptions { Bundle = Path.Combine(Scenes, "bundle"), Index = index, RefreshSeconds = 0.05 },
        Pictures = new PictureOptions { Folder = Path.Combine(Scenes, "pictures") },
        Ingestion = new ServerIngestionOptions { Roots = [Scenes] },
        Logging = new LogOptions { Level = Serilog.Events.LogEventLevel.Fatal },
    };

    public static async Task<Site> StartAsync(ServerOptions options)
    {
        var app = RetrievalServer.Build(options);
        await app.StartAsync();
        var site = new Site(app);
        using var client = new HttpClient { BaseAddress = site.Address };
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await client.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }, "the server is ready");
        return site;
    }

    /// <summary>Ingests the demo corpus, with its metadata.</summary>
    public static async Task IngestAsync(string index)
    {
        using var model = MatchingModel.Load(Path.Combine(Scenes, "bundle"));
        using var source = MetadataSource.Over(() => PrecomputedSplitSource.Open(Path.Combine(Scenes, "corpus"), "test", FeatureExpectation.None), Path.Combine(Scenes, "metadata.jsonl"));
        await new IngestionJob(model, new IngestionOptions { SourceKey = "test" }, TimeProvider.System).RunAsync(source, index);
    }

    /// <summary>Waits until it knows a key, which it has read from its file.</summary>
    public Task AcceptedAsync(string key) => AnswersAsync(key, HttpStatusCode.OK);

    /// <summary>Waits until a key counts no longer.</summary>
    public Task RefusedAsync(string key) => AnswersAsync(key, HttpStatusCode.Unauthorized);

    /// <summary>Stops it as SIGTERM does; what a browser has of it stays.</summary>
    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswersAsync(string key, HttpStatusCode status)
    {
        using var client = new HttpClient { BaseAddress = Address, DefaultRequestHeaders = { { "X-Api-Key", key } } };
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await client.GetAsync("/v1/model");
            return answer.StatusCode == status;
        }, $"the key is answered with {status}");
    }
}
