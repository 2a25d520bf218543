using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests.Ingestion;

public sealed class IngestionEstimateTests : IDisposable
{
    private static readonly IngestionOptions Options = new() { SourceKey = "corpus" };

    private readonly IndexFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_and_bytes_are_those_of_the_index_that_is_made_afterwards()
    {
        Corpus.Make(260, 3, 91).Write(_folder.Path);
        using var split = Corpus.Open(_folder.Path);
        var job = new IngestionJob(Bundle.Model, Options, TimeProvider.System);

        var estimate = await IngestionEstimate.OfAsync(Bundle.Model, Options, split, job.Validate(split, cancellationToken: Cancelled).Progress, TimeProvider.System, Cancelled);

        Assert.NotNull(estimate);
        Assert.False(Directory.Exists(_folder.Index));
        var stored = (await job.RunAsync(split, _folder.Index, null, Cancelled)).Progress;
        Assert.Equal((stored.Ingested, stored.Captions), (estimate.Images, estimate.Captions));
        var taken = new DirectoryInfo(_folder.Index).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        Assert.InRange(estimate.IndexBytes / (double)taken, 0.96, 1.04);
        Assert.True(estimate.CatalogBytes > estimate.IndexBytes);
        Assert.True(estimate.Seconds > 0);
        Assert.Equal(Options.BatchRows, estimate.TimedImages);
    }

    [Fact]
    public async Task A_source_of_which_nothing_can_be_stored_has_no_estimate()
    {
        var source = new ListSource([new RejectedSample("file.npy", 0, "x", "no good")]);
        var valid = new IngestionJob(Bundle.Model, Options, TimeProvider.System).Validate(source, cancellationToken: Cancelled).Progress;

        Assert.Null(await IngestionEstimate.OfAsync(Bundle.Model, Options, source, valid, TimeProvider.System, Cancelled));
    }
}
