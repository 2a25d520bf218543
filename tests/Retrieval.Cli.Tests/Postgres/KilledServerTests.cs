namespace Retrieval.Cli.Tests.Postgres;

/// <summary>kill -9 of a server while it ingests: the others see it, and any of them goes on.</summary>
[Trait("Promise", "4")]
public sealed class KilledServerTests
{
    private const int Images = 800;

    [Fact]
    public async Task A_run_of_a_killed_server_is_lost_and_another_replica_goes_on_where_it_ended()
    {
        using var folder = new TemporaryFolder();
        using var first = new TemporaryFolder();
        SampleSplit.Write(folder, Images);
        SampleSplit.Write(first, 3, seed: 2);
        var (root, name) = (Path.GetDirectoryName(folder.Path)!, Path.GetFileName(folder.Path));
        var order = $$"""{ "source": { "folder": "{{name}}", "split": "test" }, "batchRows": 8, "replace": true }""";
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(first);
        await using var witness = await ServeProcess.StartAsync(catalog, first["witness"], root);
        await using var victim = await ServeProcess.StartAsync(catalog, first["victim"], root);
        var path = await victim.IngestAsync(order);
        await ServeProcess.UntilAsync(async () => (await witness.AskAsync(path)).GetProperty("nextRow").GetInt32() >= 16, "it gets on");

        await victim.KillAsync();

        // Nothing is heard of it any more; a minute of that is put in the place of a minute's wait.
        await ServeProcess.UntilAsync(async () => await catalog.AskAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())") == 0, "its session is gone");
        Assert.Equal("running", (await witness.AskAsync(path)).GetProperty("state").GetString());
        await catalog.Database.ExecuteAsAdminAsync("update retrieval.run set updated_at = updated_at - interval '1 minute' where state = 'running'", TestContext.Current.CancellationToken);
        var lost = await witness.AskAsync(path);
        Assert.Equal("lost", lost.GetProperty("state").GetString());
        var next = lost.GetProperty("nextRow").GetInt32();
        Assert.InRange(next, 16, Images - 1);

        var again = await witness.IngestAsync(order);
        await ServeProcess.UntilAsync(async () => (await witness.AskAsync(again)).GetProperty("state").GetString() != "running", "the new run ends");
        var resumed = await witness.AskAsync(again);
        Assert.Equal(
            ("completed", next, Images - next),
            (resumed.GetProperty("state").GetString(), resumed.GetProperty("firstRow").GetInt32(), resumed.GetProperty("stored").GetInt32()));
        Assert.Equal("failed", (await witness.AskAsync(path)).GetProperty("state").GetString());

        // A job on the command line knows the source by the same key.
        Assert.Equal(Images, (await catalog.IngestAsync(folder)).GetProperty("resumedAtRow").GetInt32());
        Assert.Equal(await CatalogUnderTest.EmbeddedHashAsync(folder), await catalog.HashAsync("default"));
    }
}
