using Retrieval.Domain.Images;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>A catalog of the vector corpus, a replica of it, and what an exact search of the replica gives.</summary>
internal sealed class SearchedCatalog : IAsyncDisposable
{
    private readonly IndexFolder _folder = new();
    private readonly CatalogImageWriter _images;
    private readonly CatalogFollower _follower;

    private SearchedCatalog(TestDatabase database, Catalog catalog, CatalogIndex index, VectorShortlistOptions? options)
    {
        Database = database;
        Catalog = catalog;
        Index = index;
        Vectors = new VectorShortlist(catalog, options);
        Shortlist = new CatalogShortlist(Vectors, index.IndexId);
        _images = new CatalogImageWriter(catalog, index);
        _follower = new CatalogFollower(
            catalog, new FollowerOptions { CacheFolder = Path.Combine(_folder.Path, "cache") }, new Dictionary<string, IndexSchema> { [VectorCorpus.Schema.Fingerprint] = VectorCorpus.Schema });
    }

    public TestDatabase Database { get; }

    public Catalog Catalog { get; }

    public CatalogIndex Index { get; }

    public VectorShortlist Vectors { get; }

    public CatalogShortlist Shortlist { get; }

    /// <summary>Version of each image that is there.</summary>
    public Dictionary<int, int> Versions { get; } = [];

    /// <summary>The replica as of the last <see cref="FollowAsync"/>.</summary>
    public LocalIndex? Replica { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<SearchedCatalog> CreateAsync(PrivateServer? server = null, VectorShortlistOptions? options = null, int commandSeconds = 30)
    {
        var database = server is null ? await TestDatabase.CreateAsync(Cancellation) : await server.CreateDatabaseAsync(Cancellation);
        var catalog = TestCatalog.Open(database.OwnerConnectionString, commandSeconds);
        await using var patient = TestCatalog.Open(database.OwnerConnectionString, TestCatalog.PatientSeconds);
        await Migrator.MigrateAsync(patient, null, Cancellation);
        var index = await CatalogIndexes.FindOrCreateAsync(patient, "vectors", VectorCorpus.Schema, Cancellation);
        await CatalogIndexes.ActivateAsync(patient, "vectors", Cancellation);
        return new SearchedCatalog(database, catalog, index, options);
    }

    public async Task PutAsync(IReadOnlyList<(int Id, int Version)> images)
    {
        await _images.PutAsync(VectorCorpus.Batch(images), Cancellation);
        foreach (var (id, version) in images)
        {
            Versions[id] = version;
        }
    }

    public async Task DeleteAsync(int id)
    {
        await _images.DeleteAsync(VectorCorpus.Id(id), Cancellation);
        Versions.Remove(id);
    }

    public async Task FollowAsync()
    {
        var step = await _follower.StepAsync(null, Cancellation);
        Replica?.Dispose();
        Replica = LocalIndex.Open(step.Index!.Path);
    }

    /// <summary>Makes the nearest-neighbour indexes of both collections.</summary>
    public Task BuildAsync() => ShortlistIndexes.BuildAsync(Catalog, Index, new ShortlistIndexOptions(), null, Cancellation);

    public IndexBank Bank(CatalogItems items) => items == CatalogItems.Images ? Replica!.Images : Replica!.Captions;

    /// <summary>The reference: every embedding of the replica compared with the query.</summary>
    public ShortlistHit[] Exact(CatalogItems items, float[] query, int count, IReadOnlyDictionary<string, MetadataCondition>? filter) =>
        new ExactShortlist(Bank(items), threads: 1).Find(query, count, slot => Fulfils(items, slot, filter), cancellation: Cancellation);

    public bool Fulfils(CatalogItems items, long slot, IReadOnlyDictionary<string, MetadataCondition>? filter)
    {
        var id = VectorCorpus.Number(Replica!.GetImageId(items == CatalogItems.Images ? slot : Replica.GetCaption(slot).ImageSlot));
        var metadata = VectorCorpus.Metadata(id, Versions[id]);
        return filter is null || filter.All(condition => metadata.TryGetValue(condition.Key, out var values) && values.Any(value => Takes(condition.Value, value)));
    }

    // A number or boolean is found by how it is written, too.
    private static bool Takes(MetadataCondition condition, MetadataValue value) => condition.Texts.Contains(value.Written)
        || (value.Order is { } order && condition.Ranges.Any(range => string.CompareOrdinal(range.From, order) <= 0 && string.CompareOrdinal(order, range.Before) < 0));

    public async ValueTask DisposeAsync()
    {
        Replica?.Dispose();
        await _follower.DisposeAsync();
        await _images.DisposeAsync();
        await Catalog.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }
}
