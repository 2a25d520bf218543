using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Explaining;

/// <summary>A small corpus, ingested with a bundle that has a ranking and an explainer.</summary>
public sealed class ExplainedCorpus : IAsyncLifetime
{
    /// <summary>The image whose metadata has the size of its picture as texts.</summary>
    internal const int Sized = 1;

    /// <summary>The image whose metadata has the size of its picture as numbers.</summary>
    internal const int SizedByNumbers = 3;

    private readonly TemporaryFolder _folder = new();

    internal Corpus Corpus { get; } = Corpus.Make(10, 2, 43);

    internal string Index => _folder["index"];

    internal Serving Serving { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var random = new Random(44);
        foreach (var captions in Corpus.Captions)
        {
            for (var i = 0; i < captions.Length; i++)
            {
                captions[i] = string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => $"w{random.Next(4, 60)}"));
            }
        }

        Corpus.Metadata![Sized] = """{ "image_w": "640", "image_h": "480" }""";
        Corpus.Metadata[SizedByNumbers] = """{ "image_w": 320, "image_h": 240 }""";
        Corpus.Metadata[5] = """{ "image_w": 640.5, "image_h": 480 }""";
        Corpus.Metadata[2] = """{ "image_w": "640", "image_h": "-1" }""";
        Corpus.Write(_folder.Path);
        using var model = MatchingModel.Load(Bundle.ExplainedPath, Bundle.Inference);
        using var source = Corpus.Open(_folder.Path);
        await new IngestionJob(model, Ingest.Options(4, 8), TimeProvider.System).RunAsync(source, Index);
        Serving = Serve();
    }

    internal Serving Serve(TimeProvider? time = null, SearchOptions? options = null) => new(Index, time, options, bundle: Bundle.ExplainedPath);

    public ValueTask DisposeAsync()
    {
        Serving.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
