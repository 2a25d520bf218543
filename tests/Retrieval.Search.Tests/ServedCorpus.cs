namespace Retrieval.Search.Tests;

/// <summary>One corpus, its index and all its scores, for all tests that only read.</summary>
public sealed class ServedCorpus : IAsyncLifetime
{
    internal IndexFolder Folder { get; } = new();

    internal Corpus Corpus { get; } = Corpus.Make(40, 3, 41);

    internal Oracle Oracle { get; private set; } = null!;

    internal Serving Serving { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // Two alike, for ties.
        Corpus.Regions[30] = Corpus.Regions[20];
        Corpus.Regions[31] = Corpus.Regions[20];
        Corpus.Captions[12][2] = Corpus.Captions[9][0];
        Corpus.Write(Folder.Path);
        using var source = Corpus.Open(Folder.Path);
        await Ingest.RunAsync(source, Folder.Index);
        Oracle = new Oracle(Corpus);
        Serving = new Serving(Folder.Index);
    }

    public ValueTask DisposeAsync()
    {
        Serving.Dispose();
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
