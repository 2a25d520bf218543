using Retrieval.Console.Tests.Hosting;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Configuration;
using Retrieval.TestKit.Corpora;

[assembly: AssemblyFixture(typeof(MarkupSite))]

namespace Retrieval.Console.Tests.Hosting;

/// <summary>A bundle with an explainer over images whose ids, captions and metadata are markup. They have boxes and no pictures.</summary>
public sealed class MarkupSite : IAsyncLifetime
{
    public static readonly string[] Ids =
        ["<script>alert(1)</script>", "\"onerror=\"alert(2)", "'><img src=x onerror=alert(3)>", "a/../b?c#d&e=%2F", "javascript:alert(4)", "plain"];

    private readonly TemporaryFolder _folder = new();
    private Site _site = null!;

    public Uri Address => _site.Address;

    public async ValueTask InitializeAsync()
    {
        await IngestAsync(_folder.Path);
        _site = await Site.StartAsync(Options(_folder["index"]));
    }

    /// <summary>An index of its own, for tests that change it.</summary>
    public static ServerOptions Options(string index, string? bundle = null) => Site.Options(index) with
    {
        Pictures = new PictureOptions(),
        Snapshot = new ServerSnapshotOptions { Bundle = bundle ?? Repository.ExplainedBundle, Index = index, RefreshSeconds = 0.05 },
    };

    /// <summary>Ingests the images into the folder's index.</summary>
    public static async Task IngestAsync(string folder, string? bundle = null)
    {
        var corpus = Corpus.Make(Ids.Length, captionsPerImage: 2, seed: 5);
        for (var row = 0; row < Ids.Length; row++)
        {
            corpus.Ids[row] = Ids[row];
            corpus.Captions[row] = [$"a man <b onclick=alert(5)>with</b> a dog {row}", $"<script>alert(6)</script> two cats {row}"];
            corpus.Metadata![row] = """{"<i>place</i>": "<script>alert(7)</script>"}""";
        }

        corpus.Write(folder);
        using var model = MatchingModel.Load(bundle ?? Repository.ExplainedBundle, new InferenceOptions { Threads = 1 });
        using var source = Corpus.Open(folder);
        await new IngestionJob(model, new IngestionOptions { SourceKey = "markup" }, TimeProvider.System).RunAsync(source, Path.Combine(folder, "index"));
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Dispose();
    }
}
