using System.Globalization;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class StagingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_end_of_a_large_batch_finds_each_of_its_rows_and_does_not_search_for_it()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var session = await WriterSession.OpenAsync(catalog.Catalog, null, Cancellation);
        await session.ExecuteAsync("begin", [], Cancellation);
        await session.ExecuteAsync($"insert into {StoreStatements.StagedColumns} select i, i, 0, 0, 'image-' || i, '', null, '{{}}', null from generate_series(1, 4096) i", [], Cancellation);
        await session.ExecuteAsync(StoreStatements.TakeEpoch, [catalog.Index.IndexId], Cancellation);
        await session.ExecuteAsync(StoreStatements.Decide, [catalog.Index.IndexId, false, 1], Cancellation);
        foreach (var (statement, values) in new (string, object[])[]
        {
            (StoreStatements.Point, [catalog.Index.IndexId, 1]),
            (StoreStatements.MoveRun, [Guid.NewGuid(), 1L, 0, 0]),
            (StoreStatements.Tell, [catalog.Index.IndexId, Guid.NewGuid()]),
            (StoreStatements.Refuse, [catalog.Index.IndexId, "key", 0, 1, Guid.NewGuid(), "source", "%s %s"]),
        })
        {
            var plan = await session.ReadAsync($"explain (analyze, format json) {statement}", values, reader => reader.GetString(0), Cancellation);
            using var document = System.Text.Json.JsonDocument.Parse(plan!);
            var rows = Nodes(document.RootElement[0].GetProperty("Plan")).Select(Touched).Max();
            Assert.True(rows <= 3 * 4096, string.Create(CultureInfo.InvariantCulture, $"{rows} rows looked at for 4096: {plan}"));
        }

        await session.RollbackAsync();
    }

    private static IEnumerable<System.Text.Json.JsonElement> Nodes(System.Text.Json.JsonElement node) =>
        node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];

    // What a node gave and what it threw away, over all the times that it was run.
    private static double Touched(System.Text.Json.JsonElement node)
    {
        var each = new[] { "Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter" }.Sum(name => node.TryGetProperty(name, out var rows) ? rows.GetDouble() : 0);
        return each * node.GetProperty("Actual Loops").GetDouble();
    }
}
