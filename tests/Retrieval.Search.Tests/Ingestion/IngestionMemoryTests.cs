using Retrieval.Features.Sources;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>By itself, since it looks at the memory of the process.</summary>
[Collection(nameof(IngestionMemoryTests))]
public sealed class IngestionMemoryTests
{
    [Fact]
    public async Task The_memory_of_a_run_does_not_grow_with_the_corpus()
    {
        using var folder = new IndexFolder();

        // Made as they are asked for: 4,000 images are 37 MB of features and 80 MB of index.
        var random = new Random(8);
        var items = Enumerable.Range(0, 4000).Select(row => (SourceItem)new ImageSample(row, $"{row}")
        {
            Regions = Corpus.RandomRegions(random),
            RegionCount = Bundle.Regions,
            RegionWidth = Bundle.Width,
            Captions = [Corpus.RandomCaption(random)],
        });
        var live = new List<long>();
        using var source = new LazySource(items);
        await Ingest.RunAsync(source, folder.Index, 32, 512, progress =>
        {
            if ((progress.Rows + progress.Uncommitted) % 992 == 0)
            {
                live.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        });

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", live.Select(bytes => bytes >> 10)) + " KiB");
        Assert.Equal(4, live.Count);
        Assert.True(live[^1] - live[0] < 12 << 20, $"{string.Join(", ", live)} bytes");
    }

    private sealed class LazySource(IEnumerable<SourceItem> items) : IFeatureSource
    {
        public string Name => "lazy";

        public long? RowCount => null;

        public string Stamp => "1";

        public IEnumerable<SourceItem> ReadFrom(long row) => items;

        public void Dispose()
        {
        }
    }
}

/// <summary>Runs alone.</summary>
[CollectionDefinition(nameof(IngestionMemoryTests), DisableParallelization = true)]
public sealed class IngestionMemoryTestsAlone;
