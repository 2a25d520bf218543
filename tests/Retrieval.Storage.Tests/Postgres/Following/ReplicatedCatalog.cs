using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Tests.Local;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>A catalog with one active index of the sample corpus, written by the real writer, and folders for replicas of it.</summary>
internal sealed class ReplicatedCatalog : IAsyncDisposable
{
    private readonly IndexFolder _folder = new();

    private ReplicatedCatalog(TestDatabase database, Catalog catalog, CatalogIndex index)
    {
        Database = database;
        Catalog = catalog;
        Index = index;
        Images = new CatalogImageWriter(catalog, index);
    }

    public static IReadOnlyDictionary<string, IndexSchema> Accepted { get; } = new Dictionary<string, IndexSchema> { [SampleCorpus.Schema.Fingerprint] = SampleCorpus.Schema };

    public TestDatabase Database { get; }

    public Catalog Catalog { get; }

    public CatalogIndex Index { get; }

    public CatalogImageWriter Images { get; }

    /// <summary>What must be in the index, by what was put and deleted through this object.</summary>
    public Dictionary<string, int> State { get; } = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ReplicatedCatalog> CreateAsync(PrivateServer? server = null, int commandSeconds = 30)
    {
        var database = server is null ? await TestDatabase.CreateAsync(Cancellation) : await server.CreateDatabaseAsync(Cancellation);
        var catalog = TestCatalog.Open(database.OwnerConnectionString, commandSeconds);
        await using var patient = TestCatalog.Open(database.OwnerConnectionString, TestCatalog.PatientSeconds);
        await Migrator.MigrateAsync(patient, null, Cancellation);
        var index = await CatalogIndexes.FindOrCreateAsync(patient, "blue", SampleCorpus.Schema, Cancellation);
        await CatalogIndexes.ActivateAsync(patient, "blue", Cancellation);
        return new ReplicatedCatalog(database, catalog, index);
    }

    /// <summary>A replica's follower; small chunks, so that there are many.</summary>
    public CatalogFollower Follower(string cache = "cache", Func<FollowerOptions, FollowerOptions>? with = null, IReadOnlyDictionary<string, IndexSchema>? accepted = null, Catalog? catalog = null)
    {
        var options = new FollowerOptions { CacheFolder = Cache(cache), ChunkBytes = 4096, CommitBytes = 8192 };
        return new CatalogFollower(catalog ?? Catalog, with?.Invoke(options) ?? options, accepted ?? Accepted);
    }

    public string Cache(string name = "cache") => Path.Combine(_folder.Path, name);

    public async Task<long> PutAsync(IEnumerable<string> ids, int version)
    {
        var batch = ids.Select(id => (id, version)).ToList();
        var epoch = await Images.PutAsync(SampleCorpus.Batch(batch), Cancellation);
        batch.ForEach(image => State[image.id] = version);
        return epoch;
    }

    public async Task<long?> DeleteAsync(string id)
    {
        State.Remove(id);
        return await Images.DeleteAsync(id, Cancellation);
    }

    /// <summary>Steps until there is nothing more to do at once.</summary>
    public static async Task<FollowStep> SettleAsync(CatalogFollower follower)
    {
        for (; ; )
        {
            var step = await follower.StepAsync(null, Cancellation);
            if (!step.More)
            {
                return step;
            }
        }
    }

    /// <summary>The copy holds these images and no others, byte for byte, and its content hash is that of an index written directly.</summary>
    public async Task HoldsAsync(FollowedIndex? copy, IReadOnlyDictionary<string, int>? expected = null)
    {
        Assert.NotNull(copy);
        using var index = LocalIndex.Open(copy.Path);
        IndexAssert.Holds(index, expected ?? State);
        Assert.Empty(index.Verify(Cancellation).Faults);
        Assert.Equal(await EmbeddedHashAsync(expected ?? State), index.ContentHash(Cancellation));
    }

    public ValueTask DisposeAsync() => DisposeAllAsync();

    private async Task<string> EmbeddedHashAsync(IReadOnlyDictionary<string, int> state)
    {
        var path = Path.Combine(_folder.Path, $"embedded-{Guid.NewGuid():N}");
        using (var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema))
        {
            if (state.Count > 0)
            {
                writer.Append(SampleCorpus.Batch(state.Select(image => (image.Key, image.Value))));
            }

            await writer.CommitAsync(cancellation: Cancellation);
        }

        using var index = LocalIndex.Open(path);
        return index.ContentHash(Cancellation);
    }

    private async ValueTask DisposeAllAsync()
    {
        await Images.DisposeAsync();
        await Catalog.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }
}
