using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>A catalog with one index of the sample corpus.</summary>
internal sealed class SampleCatalog : IAsyncDisposable
{
    private readonly TestCatalog _catalog;

    private SampleCatalog(TestCatalog catalog, CatalogIndex index)
    {
        _catalog = catalog;
        Index = index;
    }

    public TestDatabase Database => _catalog.Database;

    public Catalog Catalog => _catalog.Catalog;

    public CatalogIndex Index { get; }

    public static async Task<SampleCatalog> CreateAsync(PrivateServer? server = null, IndexSchema? schema = null, int commandSeconds = 30, CatalogRoles? roles = null)
    {
        var catalog = await TestCatalog.CreateAsync(server, commandSeconds, roles);
        await using var patient = Open(catalog.Database.OwnerConnectionString, TestCatalog.PatientSeconds);
        return new SampleCatalog(catalog, await CatalogIndexes.FindOrCreateAsync(patient, "sample", schema ?? SampleCorpus.Schema, TestContext.Current.CancellationToken));
    }

    public static Catalog Open(string connectionString, int commandSeconds = 30) => TestCatalog.Open(connectionString, commandSeconds);

    public Task ExecuteAsync(string sql) => _catalog.ExecuteAsync(sql);

    /// <inheritdoc cref="TestCatalog.BackToVersionTwoAsync"/>
    public Task BackToVersionTwoAsync() => _catalog.BackToVersionTwoAsync();

    public Task<T?> AskAsync<T>(string sql) => _catalog.AskAsync<T>(sql);

    public Task<long> EpochAsync() => EpochOfAsync("sample");

    public Task<long> EpochOfAsync(string index) => AskAsync<long>($"select epoch from retrieval.index where name = '{index}'");

    /// <summary>Waits until a question is answered with yes.</summary>
    public Task UntilAsync(string sql) => _catalog.UntilAsync(sql);

    public ValueTask DisposeAsync() => _catalog.DisposeAsync();
}
