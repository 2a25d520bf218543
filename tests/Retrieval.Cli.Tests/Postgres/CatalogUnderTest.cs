using System.Text.Json;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary>A fresh database with the schema in it, and the program's commands on it.</summary>
internal sealed class CatalogUnderTest : IAsyncDisposable
{
    private CatalogUnderTest(TestDatabase database) => Database = database;

    public TestDatabase Database { get; }

    public string Connection => Database.OwnerConnectionString;

    public static async Task<CatalogUnderTest> CreateAsync(bool migrated = true)
    {
        var catalog = new CatalogUnderTest(await TestDatabase.CreateAsync(TestContext.Current.CancellationToken));
        if (migrated)
        {
            (await catalog.RunAsync("index", "migrate")).Succeeded();
        }

        return catalog;
    }

    public Task<Outcome> RunAsync(params string[] args) => CommandLineProcess.RunAsync([.. args, "--postgres", Connection]);

    public string[] Ingest(TemporaryFolder folder, params string[] more) =>
        ["ingest", "--bundle", Fixture.Bundle(), "--postgres", Connection, "--source", folder.Path, "--split", "test", "--batch", "8", "--json", .. more];

    public async Task<JsonElement> IngestAsync(TemporaryFolder folder, params string[] more) => (await CommandLineProcess.RunAsync(Ingest(folder, more))).Json();

    /// <summary>Content hash of a replica's copy of an index.</summary>
    public async Task<string> HashAsync(string name)
    {
        using var folder = new TemporaryFolder();
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = Connection });
        var index = await CatalogIndexes.FindAsync(catalog, name, TestContext.Current.CancellationToken);
        Assert.NotNull(index);
        var accepted = new Dictionary<string, IndexSchema> { [index.Schema.Fingerprint] = index.Schema };
        await using var follower = new CatalogFollower(catalog, new FollowerOptions { CacheFolder = folder["copy"], IndexName = name }, accepted);
        var step = await follower.StepAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotNull(step.Index);
        using var copy = LocalIndex.Open(step.Index.Path);
        return copy.ContentHash(TestContext.Current.CancellationToken);
    }

    /// <summary>Content hash of a local index of the same source, without Postgres.</summary>
    public static async Task<string> EmbeddedHashAsync(TemporaryFolder folder)
    {
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["embedded"], "--source", folder.Path, "--split", "test", "--batch", "8")).Succeeded();
        return (await CommandLineProcess.RunAsync("index", "hash", "--index", folder["embedded"])).Succeeded().Output.Split(' ', '\n')[0];
    }

    /// <summary>Asks the database, as a superuser.</summary>
    public Task<T?> AskAsync<T>(string sql) => Database.AskAsAdminAsync<T>(sql, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
