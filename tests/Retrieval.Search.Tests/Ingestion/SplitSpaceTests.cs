using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests.Ingestion;

public sealed class SplitSpaceTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_estimate_is_within_a_few_percent_of_the_index(int captionsPerImage)
    {
        Corpus.Make(260, captionsPerImage, 91).Write(_folder.Path);
        if (captionsPerImage == 0)
        {
            File.Delete(Path.Combine(_folder.Path, $"{Corpus.Split}_caps.txt"));
        }

        using var split = Corpus.Open(_folder.Path);

        var estimated = SplitSpace.Estimate(Bundle.Model.Manifest, Bundle.Model.Captions, split);

        await new IngestionJob(Bundle.Model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System)
            .RunAsync(split, _folder.Index, null, TestContext.Current.CancellationToken);
        var taken = new DirectoryInfo(_folder.Index).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        Assert.InRange(estimated / (double)taken, 0.96, 1.04);
    }

    [Fact]
    public void A_source_without_rows_needs_nothing() => Assert.Equal(0, SplitSpace.Estimate(Bundle.Model.Manifest, Bundle.Model.Captions, new ListSource([])));
}
