using System.Text.Json;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval index … --postgres</c>.</summary>
public sealed class CatalogIndexTests
{
    [Fact]
    public async Task Migrating_twice_changes_nothing()
    {
        await using var catalog = await CatalogUnderTest.CreateAsync(migrated: false);

        var first = (await catalog.RunAsync("index", "migrate", "--json")).Json();
        var second = (await catalog.RunAsync("index", "migrate", "--json")).Json();

        Assert.NotEmpty(first.GetProperty("applied").EnumerateArray());
        Assert.Empty(second.GetProperty("applied").EnumerateArray());
    }

    [Fact]
    public async Task Indexes_are_switched_by_name_and_the_active_one_is_not_dropped()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 12);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder, "--name", "blue");
        await catalog.IngestAsync(folder, "--name", "green");

        var list = (await catalog.RunAsync("index", "list", "--json")).Json().GetProperty("indexes");
        Assert.Equal([("blue", true, 12, 24), ("green", false, 12, 24)], list.EnumerateArray().Select(index => (index.GetProperty("name").GetString()!, index.GetProperty("active").GetBoolean(), index.GetProperty("images").GetInt32(), index.GetProperty("captions").GetInt32())));
        Assert.All(list.EnumerateArray(), index => Assert.True(index.GetProperty("epoch").GetInt64() > 0 && index.GetProperty("model").GetString()!.Contains('@', StringComparison.Ordinal)));

        var kept = await catalog.RunAsync("index", "drop", "--name", "blue");
        var switched = (await catalog.RunAsync("index", "activate", "--name", "green", "--json")).Json();
        (await catalog.RunAsync("index", "drop", "--name", "blue")).Succeeded();
        var unknown = await catalog.RunAsync("index", "activate", "--name", "blue");

        Assert.Equal(1, kept.Code);
        Assert.Contains("active", kept.Errors, StringComparison.Ordinal);
        Assert.Equal(("blue", "green"), (switched.GetProperty("before").GetString(), switched.GetProperty("active").GetString()));
        Assert.Equal((1, true), (unknown.Code, unknown.Errors.Contains("blue", StringComparison.Ordinal)));
        var index = Assert.Single((await catalog.RunAsync("index", "status", "--json")).Json().GetProperty("indexes").EnumerateArray());
        Assert.Equal((12, 24), (index.GetProperty("images").GetInt32(), index.GetProperty("captions").GetInt32()));
        Assert.Equal(0, await catalog.AskAsync<long>("select count(*) from pg_tables where schemaname = 'retrieval' and tablename like 'image\\_1%'"));
    }

    [Fact]
    public async Task An_index_that_is_not_complete_is_activated_only_by_force()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 24);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder, "--name", "green", "--part", "0/2");

        var refused = await catalog.RunAsync("index", "activate", "--name", "green");
        var forced = await catalog.RunAsync("index", "activate", "--name", "green", "--force");

        Assert.Equal((1, 0), (refused.Code, forced.Code));
        Assert.Contains("1 of 2 parts", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Database=retrieval;Username=x", "names no host")]
    [InlineData("Host=127.0.0.1;Port=99999;Database=x;Username=y", "port 99999")]
    public async Task A_connection_string_that_leads_nowhere_is_refused(string connection, string reason) =>
        (await CommandLineProcess.RunAsync("index", "status", "--postgres", connection)).Refused(reason);

    [Fact]
    public async Task Status_is_a_table_with_sizes_bundle_and_sources()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 12);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);

        var table = (await catalog.RunAsync("index", "status")).Succeeded().Output;

        var run = Assert.Single(Assert.Single((await catalog.RunAsync("index", "status", "--json")).Json().GetProperty("indexes").EnumerateArray()).GetProperty("runs").EnumerateArray());
        Assert.Equal("completed", run.GetProperty("state").GetString());
        Assert.Contains("captions an image", Assert.Single(run.GetProperty("findings").GetProperty("recognised").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.All(["pgvector", "default, active", "fingerprint", "image_record", folder.Path, "complete", "latest runs", "what they found"], part => Assert.Contains(part, table, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verification_measures_recall_and_names_what_is_damaged()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 24);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);

        var whole = (await catalog.RunAsync("index", "verify", "--shortlist", "10", "--queries", "5", "--json")).Json();
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image_embedding where row_no = (select row_no from retrieval.image where id = 'image-00003')", TestContext.Current.CancellationToken);
        var damaged = await catalog.RunAsync("index", "verify", "--queries", "0", "--json");

        Assert.True(whole.GetProperty("ok").GetBoolean());
        Assert.All(whole.GetProperty("recall").EnumerateArray(), recall => Assert.Equal((5, 1.0), (recall.GetProperty("queries").GetInt32(), recall.GetProperty("meanRecall").GetDouble())));
        Assert.Equal(2, whole.GetProperty("recall").GetArrayLength());
        Assert.Equal(1, damaged.Code);
        var finding = Assert.Single(JsonDocument.Parse(damaged.Output).RootElement.GetProperty("findings").EnumerateArray());
        Assert.Contains("image-00003", finding.GetProperty("where").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_images_are_gone_and_vacuum_forgets_them()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 12);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);

        var deleted = await catalog.RunAsync("index", "delete", SampleSplit.Id(3), SampleSplit.Id(4), "nobody", "--json");
        var vacuumed = (await catalog.RunAsync("index", "vacuum", "--tombstone-days", "0", "--json")).Json();

        Assert.Equal(1, deleted.Code);
        var report = JsonDocument.Parse(deleted.Output).RootElement;
        Assert.Equal((2, 4, 10), (report.GetProperty("deleted").GetInt32(), report.GetProperty("captionsDeleted").GetInt32(), report.GetProperty("images").GetInt32()));
        Assert.Contains("nobody", deleted.Errors, StringComparison.Ordinal);
        Assert.Equal(2, vacuumed.GetProperty("tombstones").GetInt32());
        (await catalog.RunAsync("index", "verify")).Succeeded();
    }

    [Fact]
    public async Task A_role_that_may_only_read_is_told_so()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 4);
        await using var catalog = await CatalogUnderTest.CreateAsync();
        await catalog.IngestAsync(folder);
        var serve = await catalog.Database.CreateRoleAsync("serve", TestContext.Current.CancellationToken);
        (await catalog.RunAsync("index", "migrate", "--serve-role", serve.Name)).Succeeded();
        folder.Write("password", serve.Password + "\n");
        string[] asServe = ["--postgres", serve.ConnectionStringWithoutPassword, "--postgres-password-file", folder["password"]];

        (await CommandLineProcess.RunAsync(["index", "status", .. asServe])).Succeeded();
        var deletion = await CommandLineProcess.RunAsync(["index", "delete", SampleSplit.Id(0), .. asServe]);
        var drop = await CommandLineProcess.RunAsync(["index", "activate", "--name", "default", .. asServe]);

        Assert.Equal((1, 1), (deletion.Code, drop.Code));
        Assert.All([deletion, drop], refused => Assert.Contains("may not", refused.Errors, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_password_is_in_no_message()
    {
        var wrong = await CommandLineProcess.RunAsync("index", "status", "--postgres", "Host=127.0.0.1;Port=1;Username=nobody;Password=verysecret;Database=none");
        var malformed = await CommandLineProcess.RunAsync("index", "status", "--postgres", "Password=verysecret;Nonsense=1");

        Assert.Equal((1, 2), (wrong.Code, malformed.Code));
        Assert.All([wrong, malformed], outcome => Assert.DoesNotContain("verysecret", outcome.Errors + outcome.Output, StringComparison.Ordinal));
        Assert.Contains("does not answer", wrong.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exclude each other", "index", "status", "--index", "x", "--postgres", "Host=a")]
    [InlineData("name one: --index DIR, or --postgres CONNECTION", "index", "verify")]
    [InlineData("--postgres is missing", "index", "migrate")]
    [InlineData("--part is '4/4'", "ingest", "--bundle", "b", "--postgres", "Host=a", "--tsv", "x", "--part", "4/4")]
    [InlineData("--name and --part go with --postgres", "ingest", "--bundle", "b", "--index", "i", "--tsv", "x", "--name", "green")]
    public async Task Options_that_do_not_go_together_are_refused(string reason, params string[] args) =>
        (await CommandLineProcess.RunAsync(args)).Refused(reason);
}
