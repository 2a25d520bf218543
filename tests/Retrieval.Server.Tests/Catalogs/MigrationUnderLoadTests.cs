using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Ingestions;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>
/// A replica while the catalog's schema is brought to this version. The replica is of this version; <c>eng/promises.sh --only
/// upgrade --before FOLDER</c> does the same with one of an earlier version.
/// </summary>
public sealed class MigrationUnderLoadTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_answers_every_search_and_takes_every_image_before_during_and_after_the_migration()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await catalog.BackToVersionTwoAsync();
        await using var replica = await catalog.ServeAsync();
        await using var traffic = new Traffic(replica.Client);
        using var end = new CancellationTokenSource();
        var written = 0;
        var writes = Task.Run(async () =>
        {
            for (; !end.IsCancellationRequested; Interlocked.Increment(ref written))
            {
                var put = await replica.Client.PutAsync($"/v1/images/put-{written}", Image.Body(written).ToJsonString());
                await put.BodyAsync(201);
            }
        }, Cancelled);
        await traffic.MoreAsync(10);
        await Eventually.TrueAsync(() => Volatile.Read(ref written) > 1 || writes.IsFaulted, "images are written");

        Assert.Equal(["0003_findings"], await Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancelled));

        await traffic.MoreAsync(10);
        var before = Volatile.Read(ref written);
        await Eventually.TrueAsync(() => Volatile.Read(ref written) > before + 1 || writes.IsFaulted, "images are written after it");
        await traffic.EndAsync();
        await end.CancelAsync();
        await writes;
    }

    [Fact]
    public async Task Under_the_schema_before_runs_are_shown_and_none_is_begun_until_it_is_migrated()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/flickr"], 8);
        await catalog.BackToVersionTwoAsync();
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Ingestion = new ServerIngestionOptions { Roots = [catalog.Folder["roots"]] } });

        var listed = (await (await replica.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray();
        Assert.Equal("completed", (string)(await replica.RunAsync($"/v1/ingestions/{listed[0]!["id"]}"))["state"]!);
        var (refused, _) = await replica.Client.PostAsync("/v1/ingestions", SplitFiles.Order("flickr"));
        Assert.Contains("retrieval index migrate", (string)(await refused.ProblemAsync(503))["detail"]!, StringComparison.Ordinal);

        await Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancelled);

        await replica.EndedAsync(await replica.BeginAsync(SplitFiles.Order("flickr")), "completed");
    }
}
