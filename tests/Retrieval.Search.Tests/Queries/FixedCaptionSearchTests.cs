using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Search.Tests.Queries;

/// <summary>A model with one vector a caption, from ingestion to the answer: nothing in its index is ragged.</summary>
public sealed class FixedCaptionSearchTests : IDisposable
{
    private const int Images = 25;
    private readonly IndexFolder _folder = new();
    private readonly MatchingModel _model = MatchingModel.Load(Bundle.VectorsPath, Bundle.Inference);
    private readonly Corpus _corpus = Corpus.Make(Images, 2, 81);

    public FixedCaptionSearchTests()
    {
        // Words that the bundle knows, so that no two captions are alike.
        var random = new Random(82);
        foreach (var captions in _corpus.Captions)
        {
            for (var i = 0; i < captions.Length; i++)
            {
                captions[i] = string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => $"w{random.Next(4, 60)}"));
            }
        }
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private IndexSchema Schema => IndexBinding.SchemaOf(_model);

    private IngestionJob Job => new(_model, Ingest.Options(4, 8), TimeProvider.System);

    [Fact]
    public async Task Searches_in_both_directions_find_what_scoring_everything_gives()
    {
        await IngestAsync();
        using var serving = new Serving(_folder.Index, bundle: Bundle.VectorsPath);
        using var images = _model.ImageEncoder.Encode(_corpus.Regions.SelectMany(values => values).ToArray(), Cancelled);
        using var captions = _model.TextEncoder.Encode([.. _corpus.AllCaptions.Select(caption => _model.Captions.Encode(caption).TokenIds)], Cancelled);
        var cosines = Enumerable.Range(0, Images).Select(image => Enumerable.Range(0, captions.Count).Select(
            caption => images.Embedding(image).ToArray().Zip(captions.Embedding(caption).ToArray()).Sum(pair => pair.First * pair.Second)).ToArray()).ToArray();

        for (var caption = 0; caption < captions.Count; caption += 3)
        {
            float[] expected = [.. cosines.Select(row => row[caption])];
            AnswerAssert.IsBest(await serving.ImagesAsync(_corpus.AllCaptions[caption], 10, 15), expected, expected, 10, 15, id => Array.IndexOf(_corpus.Ids, id));
        }

        for (var image = 0; image < Images; image += 3)
        {
            AnswerAssert.IsBest(await serving.CaptionsAsync(_corpus.Ids[image], 10, 15), cosines[image], cosines[image], 10, 15, CaptionOf);
        }
    }

    [Fact]
    public async Task The_index_has_no_offsets_and_is_sound()
    {
        await IngestAsync();

        using var index = LocalIndex.Open(_folder.Index, Schema);
        Assert.Empty(index.Verify(Cancelled).Faults);
        Assert.Null(index.Captions.Extents);
        Assert.Empty(Directory.GetFiles(_folder.Index, "offset*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_replica_of_the_catalog_has_what_a_local_index_has()
    {
        await IngestAsync();
        await using var database = await TestDatabase.CreateAsync(Cancelled);
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString });
        await Migrator.MigrateAsync(catalog, null, Cancelled);
        var blue = await CatalogIndexes.FindOrCreateAsync(catalog, "blue", Schema, Cancelled);
        await Job.RunAsync(_corpus.AsSource(), new CatalogIngestionTarget(catalog, blue, new CatalogTargetOptions { Worker = "test" }), null, Cancelled);
        await using var follower = new CatalogFollower(
            catalog, new FollowerOptions { CacheFolder = Path.Combine(_folder.Path, "cache"), IndexName = "blue" }, new Dictionary<string, IndexSchema> { [Schema.Fingerprint] = Schema });
        FollowStep step;
        while ((step = await follower.StepAsync(null, Cancelled)).More)
        {
        }

        using var local = LocalIndex.Open(_folder.Index, Schema);
        using var replica = LocalIndex.Open(step.Index!.Path, Schema);
        Assert.Equal(local.ContentHash(Cancelled), replica.ContentHash(Cancelled));
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    private async Task IngestAsync()
    {
        var report = await Job.RunAsync(_corpus.AsSource(), _folder.Index, null, Cancelled);
        Assert.Equal(Images, report.Progress.Ingested);
    }

    private int CaptionOf(string id)
    {
        var mark = id.LastIndexOf('#');
        return (Array.IndexOf(_corpus.Ids, id[..mark]) * 2) + int.Parse(id[(mark + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
