using Retrieval.Postgres.TestKit;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>Shortlists through pgvector in a real database, beside the exact ones of its copy.</summary>
public sealed class PgvectorEvaluationTests : IAsyncLifetime
{
    private const int Images = 60;
    private static readonly int[] Sizes = [3, 10, 25];

    private readonly Corpus _corpus = Distinct.Make(Images, 2, 91);
    private TestCatalog _catalog = null!;
    private CatalogFollower _follower = null!;
    private CatalogIndex _stored = null!;
    private LocalIndex _copy = null!;
    private IndexOracle _oracle = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _catalog = await TestCatalog.CreateAsync();
        var schema = IndexBinding.SchemaOf(RankedBundle.Model);
        _stored = await CatalogIndexes.FindOrCreateAsync(_catalog.Catalog, "blue", schema, Cancelled);
        var target = new CatalogIngestionTarget(_catalog.Catalog, _stored, new CatalogTargetOptions { Worker = "test" });
        await new IngestionJob(RankedBundle.Model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System).RunAsync(_corpus.AsSource(), target, null, Cancelled);
        _follower = new CatalogFollower(
            _catalog.Catalog, new FollowerOptions { CacheFolder = _catalog.Folder["cache"], IndexName = "blue" }, new Dictionary<string, IndexSchema> { [schema.Fingerprint] = schema });
        var step = await _follower.StepAsync(null, Cancelled);
        _copy = LocalIndex.Open(step.Index!.Path, schema);
        _oracle = new IndexOracle(RankedBundle.Model, _copy);
    }

    public async ValueTask DisposeAsync()
    {
        _copy?.Dispose();
        await _follower.DisposeAsync();
        await _catalog.DisposeAsync();
    }

    [Fact]
    public async Task A_catalog_that_finds_everything_gives_the_exact_rows()
    {
        var report = await EvaluateAsync(full: true);

        Assert.Equal(Sizes, report.Pgvector!.Select(row => row.Shortlist));
        foreach (var measures in report.Pgvector!.SelectMany(row => new[] { row.TextToImage, row.ImageToText }))
        {
            Assert.Equal((100.0, 100.0, 0, 0), (measures.Recall, measures.LeastRecall, measures.Missing, measures.FellBack));
            Assert.True(measures.MedianMilliseconds > 0 && measures.P95Milliseconds >= measures.MedianMilliseconds);
        }

        foreach (var size in Sizes)
        {
            foreach (var order in new[] { RankBy.Score, RankBy.Both })
            {
                var (exact, pgvector) = (report.Row("reranked", size, order), report.Row("reranked", size, order, pgvector: true));
                Assert.Equal(exact.TextToImage with { LossOfPgvectorAt1 = 0 }, pgvector.TextToImage);
                Assert.Equal(exact.ImageToText with { LossOfPgvectorAt1 = 0 }, pgvector.ImageToText);
                EvaluationAssert.Same(_oracle.OfText(_oracle.Captions, order, (_, inOrder) => inOrder[..size], full: true), exact.TextToImage, $"{size} {order}");
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_catalog_does_not_find_is_told_apart_from_what_the_embedding_loses(bool full)
    {
        // Images whose rows are gone from the nearest neighbours, but not from the copy: too few for a search to notice.
        int[] gone = [3, 10, 20, 21, 44];
        await _catalog.ExecuteAsync($"delete from retrieval.image_embedding_{_stored.IndexId} e using retrieval.image i where i.index_id = e.index_id and i.row_no = e.row_no and i.id in ({string.Join(", ", gone.Select(image => $"'{_corpus.Ids[image]}'"))})");
        var lost = gone.Select(image => Slot(_corpus.Ids[image])).ToHashSet();

        var report = await EvaluateAsync(full);

        foreach (var size in Sizes)
        {
            var expected = _oracle.Captions.Select(caption => (double)InOrder(caption)[..size].Count(image => !lost.Contains(image)) / size).ToArray();
            var found = Assert.Single(report.Pgvector!, row => row.Shortlist == size);
            Assert.Equal((100 * expected.Average(), 100 * expected.Min()), (found.TextToImage.Recall, found.TextToImage.LeastRecall));
            Assert.Equal((100.0, 0), (found.ImageToText.Recall, found.TextToImage.FellBack));
            foreach (var order in new[] { RankBy.Score, RankBy.Both })
            {
                var exact = _oracle.OfText(_oracle.Captions, order, (_, inOrder) => inOrder[..size], full);
                var pgvector = _oracle.OfText(_oracle.Captions, order, (_, inOrder) => [.. inOrder.Where(image => !lost.Contains(image)).Take(size)], full);
                EvaluationAssert.Same(exact, report.Row("reranked", size, order).TextToImage, $"exact {size} {order}");
                EvaluationAssert.Same(
                    pgvector with { LossOfPgvectorAt1 = exact.Ranks.RecallAt1 - pgvector.Ranks.RecallAt1 }, report.Row("reranked", size, order, pgvector: true).TextToImage, $"pgvector {size} {order}");
            }
        }

        Assert.Contains(report.Rows, row => row.ThroughPgvector && row.TextToImage.LossOfPgvectorAt1 != 0);
    }

    [Fact]
    public async Task A_catalog_that_lacks_rows_is_not_believed_but_counted()
    {
        await _catalog.ExecuteAsync($"delete from retrieval.caption_embedding_{_stored.IndexId}");

        var report = await EvaluateAsync(full: false);

        foreach (var row in report.Pgvector!)
        {
            Assert.Equal((0.0, Images), (row.ImageToText.Recall, row.ImageToText.FellBack));
            Assert.Equal((100.0, 0), (row.TextToImage.Recall, row.TextToImage.FellBack));
            var (exact, pgvector) = (report.Row("reranked", row.Shortlist, RankBy.Both), report.Row("reranked", row.Shortlist, RankBy.Both, pgvector: true));
            Assert.Equal(exact.ImageToText with { LossOfPgvectorAt1 = 0 }, pgvector.ImageToText);
        }
    }

    [Fact]
    public async Task Candidates_that_the_copy_does_not_have_are_counted()
    {
        var other = Distinct.Make(20, 1, 92);
        other.Rename("new-");
        var target = new CatalogIngestionTarget(_catalog.Catalog, _stored, new CatalogTargetOptions { Worker = "test" });
        await new IngestionJob(RankedBundle.Model, new IngestionOptions { SourceKey = "other" }, TimeProvider.System).RunAsync(other.AsSource(), target, null, Cancelled);

        var report = await EvaluateAsync(full: false);

        Assert.All(report.Pgvector!, row => Assert.True(row.TextToImage.Missing > 0 && row.ImageToText.Missing > 0));
        Assert.All(report.Pgvector!, row => Assert.Equal((100.0, 100.0), (row.TextToImage.Recall, row.ImageToText.Recall)));
    }

    [Fact]
    public async Task An_index_that_is_gone_ends_the_evaluation()
    {
        await _follower.DisposeAsync();
        await CatalogIndexes.FindOrCreateAsync(_catalog.Catalog, "green", IndexBinding.SchemaOf(RankedBundle.Model), Cancelled);
        await CatalogIndexes.ActivateAsync(_catalog.Catalog, "green", Cancelled);
        await CatalogIndexes.DropAsync(_catalog.Catalog, "blue", Cancelled);

        var error = await Assert.ThrowsAsync<CatalogException>(() => EvaluateAsync(full: false));

        Assert.Equal(CatalogFault.Index, error.Fault);
    }

    private Task<EvaluationReport> EvaluateAsync(bool full) =>
        new Evaluator(RankedBundle.Model, new EvaluationOptions { Shortlists = Sizes, Full = full }, TimeProvider.System)
            .RunAsync(_copy, new CatalogShortlist(new VectorShortlist(_catalog.Catalog), _stored.IndexId), null, Cancelled);

    private int Slot(string id)
    {
        Assert.True(_copy.TryGetImageSlot(id, out var slot));
        return (int)slot;
    }

    private int[] InOrder(int caption) => [.. _oracle.Images.OrderByDescending(image => _oracle.Coarse[(caption, image)]).ThenBy(image => image)];
}
