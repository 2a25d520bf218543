using System.Diagnostics;
using Npgsql;
using Retrieval.Domain.Images;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>What the server makes of the statements: which plans, how often planned, in how many round trips.</summary>
public sealed class ShortlistPlanTests
{
    private const int Large = 6000;

    private static readonly Dictionary<string, MetadataCondition> twoColors = new() { ["color"] = MetadataCondition.OfTexts("c1", "c2") };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_nearest_neighbour_index_is_used_where_a_table_is_large()
    {
        await using var catalog = await LargeAsync();
        foreach (var items in Enum.GetValues<CatalogItems>())
        {
            var name = $"{(items == CatalogItems.Images ? "image" : "caption")}_embedding_{catalog.Index.IndexId}_nearest";
            Assert.Contains($"Index Scan using {name}", await ExplainAsync(catalog, Sql(catalog, items, null).ByIndex, 225, null));
            Assert.Contains($"Index Scan using {name}", await ExplainAsync(catalog, Sql(catalog, items, twoColors).ByIndex, 20, twoColors));
            Assert.DoesNotContain("_nearest", await ExplainAsync(catalog, Sql(catalog, items, null).Exact, 225, null));
        }
    }

    [Fact]
    public async Task Numbers_are_found_by_their_own_index_alone_and_beside_texts()
    {
        await using var catalog = await LargeAsync();
        await catalog.Catalog.UseAsync("counting", async (connection, cancellation) =>
        {
            await using var command = new NpgsqlCommand($"vacuum analyze retrieval.image_{catalog.Index.IndexId}, retrieval.image_value_{catalog.Index.IndexId}", connection);
            return await command.ExecuteNonQueryAsync(cancellation);
        }, Cancellation);
        var range = ValueRange.Between(MetadataValue.Of(10), MetadataValue.OfNumber("10.5", out _));
        foreach (var condition in new[] { new MetadataCondition { Ranges = [range] }, new MetadataCondition { Texts = ["r7"], Ranges = [range, ValueRange.Of(MetadataValue.Of(3))] } })
        {
            var filter = new Dictionary<string, MetadataCondition> { ["size"] = condition };
            foreach (var items in Enum.GetValues<CatalogItems>())
            {
                Assert.Contains($"image_value_{catalog.Index.IndexId}_value_row_no_idx", await ExplainAsync(catalog, Sql(catalog, items, filter).Selective, 20, filter, 10_000));
                var byIndex = await ExplainAsync(catalog, Sql(catalog, items, filter).ByIndex, 20, filter);
                Assert.Contains($"Index Scan using {(items == CatalogItems.Images ? "image" : "caption")}_embedding_{catalog.Index.IndexId}_nearest", byIndex);
                Assert.Contains($"image_value_{catalog.Index.IndexId}_pkey", byIndex);
            }
        }
    }

    [Fact]
    public async Task Filters_of_the_same_kinds_are_one_statement_whatever_they_ask_for()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        var (text, one, range) = (MetadataCondition.OfTexts("a"), MetadataCondition.Of(MetadataValue.Of(1), MetadataValue.Of(true)), new MetadataCondition { Ranges = [ValueRange.Between(MetadataValue.Of(1), null)] });
        var sql = Sql(catalog, CatalogItems.Images, new() { ["k"] = text, ["l"] = one, ["m"] = range });

        Assert.Equal(sql.ByIndex, Sql(catalog, CatalogItems.Images, new() { ["x"] = range, ["y"] = text, ["z"] = MetadataCondition.Of(MetadataValue.Of(false)) }).ByIndex);
        Assert.NotEqual(sql.ByIndex, Sql(catalog, CatalogItems.Images, new() { ["k"] = text, ["l"] = range, ["m"] = range }).ByIndex);
    }

    [Fact]
    public async Task Statements_are_prepared_and_planned_for_each_query()
    {
        await using var catalog = await LargeAsync();
        await using var one = new Catalog(new CatalogOptions { ConnectionString = catalog.Database.OwnerConnectionString + ";Maximum Pool Size=1" });
        var vectors = new VectorShortlist(one);
        for (var i = 0; i < 10; i++)
        {
            await vectors.FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(i), 10 + i, null, Cancellation);
        }

        var prepared = await one.UseAsync("asking", async (connection, cancellation) =>
        {
            await using var command = new NpgsqlCommand("select generic_plans, custom_plans from pg_prepared_statements where statement like '%near as materialized%'", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation) ? (reader.GetInt64(0), reader.GetInt64(1)) : default;
        }, Cancellation);
        Assert.Equal(0, prepared.Item1);
        Assert.InRange(prepared.Item2, 8, 10);
    }

    [Fact]
    public async Task Settings_end_with_their_query()
    {
        await using var catalog = await LargeAsync();
        await using var one = new Catalog(new CatalogOptions { ConnectionString = catalog.Database.OwnerConnectionString + ";Maximum Pool Size=1" });
        await new VectorShortlist(one).FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 200, null, Cancellation);
        var settings = await one.UseAsync("asking", async (connection, cancellation) =>
        {
            await using var command = new NpgsqlCommand("select concat_ws(' ', current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan'), current_setting('plan_cache_mode'))", connection);
            return (string?)await command.ExecuteScalarAsync(cancellation);
        }, Cancellation);
        Assert.Equal("40 off auto", settings);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    public async Task A_query_and_one_with_a_selective_filter_take_one_round_trip(bool filtered, int expected)
    {
        await using var catalog = await LargeAsync();

        // The first connection asks for the database's types as well.
        await catalog.Catalog.UseAsync("connecting", (_, _) => Task.FromResult(true), Cancellation);
        var asked = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => Interlocked.Add(ref asked, activity.TagObjects.Any(tag => Equals(tag.Value, catalog.Database.Name)) ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);
        var hits = await catalog.Vectors.FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 20, filtered ? twoColors : null, Cancellation);
        Assert.Equal((20, expected), (hits.Count, asked));
    }

    [Fact]
    public async Task A_role_that_may_only_read_searches_and_follows()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        var role = await catalog.Database.CreateRoleAsync("serve", Cancellation);
        await Migrator.MigrateAsync(catalog.Catalog, new CatalogRoles(role.Name, null), Cancellation);
        await catalog.PutAsync([.. Enumerable.Range(0, 50).Select(id => (id, 0))]);
        await using var reading = new Catalog(new CatalogOptions { ConnectionString = role.ConnectionString });
        using var folder = new IndexFolder();
        await using var follower = new CatalogFollower(reading, new FollowerOptions { CacheFolder = folder.Index }, new Dictionary<string, IndexSchema> { [VectorCorpus.Schema.Fingerprint] = VectorCorpus.Schema });
        Assert.Equal(50, (await follower.StepAsync(null, Cancellation)).Applied);
        await catalog.PutAsync([(3, 1)]);
        Assert.Equal(1, (await follower.StepAsync(null, Cancellation)).Applied);
        foreach (var filter in new[] { null, twoColors })
        {
            Assert.NotEmpty(await new VectorShortlist(reading).FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 20, filter, Cancellation));
        }
    }

    [Fact]
    public async Task An_index_that_was_dropped_is_named()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        var error = await Assert.ThrowsAsync<CatalogException>(() => catalog.Vectors.FindAsync(CatalogItems.Images, 999, VectorCorpus.Width, VectorCorpus.Query(1), 20, null, Cancellation));
        Assert.Equal((CatalogFault.Index, "index 999: it is not in the catalog any more"), (error.Fault, error.Message));
    }

    [Fact]
    public async Task A_query_of_another_width_or_that_is_not_finite_is_refused()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => Find(new float[3]));
        await Assert.ThrowsAsync<ArgumentException>(() => Find([.. Enumerable.Repeat(float.NaN, VectorCorpus.Width)]));

        Task Find(float[] query) => catalog.Vectors.FindAsync(CatalogItems.Images, catalog.Index.IndexId, VectorCorpus.Width, query, 20, null, Cancellation);
    }

    [Fact]
    public async Task Whatever_a_filter_asks_for_is_a_value_and_no_statement()
    {
        await using var catalog = await SearchedCatalog.CreateAsync();
        await catalog.PutAsync([.. Enumerable.Range(0, 10).Select(id => (id, 0))]);
        var anyNumber = new MetadataCondition { Ranges = [ValueRange.Between(null, null), ValueRange.Of(MetadataValue.Of(true))] };
        foreach (var value in new[] { "'", "\"; drop table retrieval.image; --", "{", "}", "\\", ",", "NULL", "\0", "\u001F", "\uD800", "" })
        {
            foreach (var filter in new Dictionary<string, MetadataCondition>[] { new() { ["color"] = MetadataCondition.OfTexts(value) }, new() { [value] = MetadataCondition.OfTexts("c1") }, new() { [value] = anyNumber }, new() { ["color"] = new() } })
            {
                Assert.Empty(await catalog.Vectors.FindAsync(CatalogItems.Captions, catalog.Index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 20, filter, Cancellation));
            }
        }
    }

    private static async Task<SearchedCatalog> LargeAsync()
    {
        var catalog = await SearchedCatalog.CreateAsync();
        for (var first = 0; first < Large; first += 2000)
        {
            await catalog.PutAsync([.. Enumerable.Range(first, 2000).Select(id => (id, 0))]);
        }

        await catalog.BuildAsync();
        return catalog;
    }

    private static NearestSql Sql(SearchedCatalog catalog, CatalogItems items, Dictionary<string, MetadataCondition>? filter) => new(items, catalog.Index.IndexId, VectorCorpus.Width, filter);

    private static Task<string> ExplainAsync(SearchedCatalog catalog, string sql, long count, IReadOnlyDictionary<string, MetadataCondition>? filter, object? last = null) => catalog.Catalog.UseAsync("explaining", async (connection, cancellation) =>
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NearestSql.Settings) { Parameters = { new() { Value = "300" }, new() { Value = "20000" }, new() { Value = "2" } } });
        var explain = new NpgsqlBatchCommand($"explain {sql}") { Parameters = { new() { Value = VectorShortlist.InRange(VectorCorpus.Query(1)).Vector }, new() { Value = count } } };
        foreach (var parameter in new FilterSql(filter, catalog.Index.IndexId, before: 2).Parameters.Concat(last is null ? [] : [last]))
        {
            explain.Parameters.Add(new() { Value = parameter });
        }

        batch.BatchCommands.Add(explain);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.NextResultAsync(cancellation);
        var plan = "";
        while (await reader.ReadAsync(cancellation))
        {
            plan += reader.GetString(0) + "\n";
        }

        return plan;
    }, Cancellation);
}
