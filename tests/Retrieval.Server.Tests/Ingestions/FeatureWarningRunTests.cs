using Retrieval.Features.Npy;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>Ingestions over HTTP of features that are unlike those that the model learned from.</summary>
public sealed class FeatureWarningRunTests : IDisposable
{
    private const int Images = 20;
    private const int Regions = 36;
    private const int Width = 192;

    private readonly TemporaryFolder _folder = new();

    private static string Scenes => Path.Combine(Repository.Root, "models", "scenes");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_says_that_features_are_of_another_scale_and_the_log_does()
    {
        Write("like", 1);
        Write("tenfold", 10);
        using (var model = MatchingModel.Load(Path.Combine(Scenes, "bundle"), new InferenceOptions { Threads = 1 }))
        using (var source = PrecomputedSplitSource.Open(_folder["roots"], "like", FeatureExpectation.None))
        {
            await new IngestionJob(model, new IngestionOptions { SourceKey = "first" }, TimeProvider.System)
                .RunAsync(source, _folder["index"], cancellationToken: TestContext.Current.CancellationToken);
        }

        var options = RunningServer.Options(Path.Combine(Scenes, "bundle"), _folder["index"]);
        await using var server = await (await RunningServer.StartAsync(options with { Ingestion = new ServerIngestionOptions { Roots = [_folder.Path] } })).ReadyAsync();

        var like = await server.EndedAsync(await server.BeginAsync("""{ "source": { "folder": "roots", "split": "like" }, "replace": true }"""), "completed");
        var tenfold = await server.EndedAsync(await server.BeginAsync("""{ "source": { "folder": "roots", "split": "tenfold" } }"""), "completed");

        Assert.Empty(like["warnings"]!.AsArray());
        var warning = (string)Assert.Single(tenfold["warnings"]!.AsArray())!;
        Assert.StartsWith("the features of images 1 to 20 that this run read are of another scale", warning, StringComparison.Ordinal);
        Assert.Equal(Images, (int)tenfold["stored"]!);
        Assert.Contains(warning, Assert.Single(server.Log.Of(1404)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warnings_of_a_run_into_a_catalog_are_known_to_another_replica()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        Write("like", 1);
        Write("tenfold", 10);
        using (var model = MatchingModel.Load(Path.Combine(Scenes, "bundle"), new InferenceOptions { Threads = 1 }))
        using (var source = PrecomputedSplitSource.Open(_folder["roots"], "like", FeatureExpectation.None))
        {
            var index = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "blue", IndexBinding.SchemaOf(model), TestContext.Current.CancellationToken);
            var target = new CatalogIngestionTarget(catalog.Catalog, index, new CatalogTargetOptions { Worker = "job" });
            await new IngestionJob(model, new IngestionOptions { SourceKey = "first" }, TimeProvider.System)
                .RunAsync(source, target, cancellationToken: TestContext.Current.CancellationToken);
        }

        await using var one = await ServeAsync(catalog, "one");
        await using var two = await ServeAsync(catalog, "two");
        var path = await one.BeginAsync("""{ "source": { "folder": "roots", "split": "tenfold" }, "replace": true }""");
        var run = await two.EndedAsync(path, "completed");

        Assert.Contains("are of another scale", (string)Assert.Single(run["warnings"]!.AsArray())!, StringComparison.Ordinal);
    }

    private ValueTask<RunningServer> ServeAsync(TestCatalog catalog, string name) => CatalogServing.ServeAsync(
        RunningServer.Options(Path.Combine(Scenes, "bundle"), catalog.Folder[name], catalog.Database.OwnerConnectionString) with { Ingestion = new ServerIngestionOptions { Roots = [_folder.Path] } });

    private void Write(string split, float factor)
    {
        using var file = NpyFile.Open(Path.Combine(Scenes, "corpus", "test_ims.npy"));
        var features = new float[Images * Regions * Width];
        file.ReadRows(0, features);
        Directory.CreateDirectory(_folder["roots"]);
        _folder.WriteNpy($"roots/{split}_ims.npy", Array.ConvertAll(features, value => factor * value), Images, Regions, Width);
    }
}
