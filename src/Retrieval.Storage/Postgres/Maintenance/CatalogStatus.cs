using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What a catalog holds and how much space it takes. The counts are exact, so this reads every image's row.</summary>
/// <param name="CatalogId">Identifies the database.</param>
/// <param name="Database">Host and database name.</param>
/// <param name="Bytes">Size of the database.</param>
/// <param name="Postgres">Version of the server.</param>
/// <param name="Pgvector">Version of the extension.</param>
/// <param name="Indexes">Its indexes, in the order of their creation.</param>
public sealed record CatalogStatus(Guid CatalogId, string Database, long Bytes, string Postgres, string Pgvector, IReadOnlyList<IndexStatus> Indexes)
{
    /// <summary>The number of runs shown with an index.</summary>
    public const int RunsShown = 5;

    private static readonly string[] Parents = ["image", "image_record", "image_embedding", "image_value", "caption", "caption_embedding"];

    /// <summary>Reads the status.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or has no schema.</exception>
    public static async Task<CatalogStatus> ReadAsync(Catalog catalog, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var indexes = await CatalogIndexes.ListAsync(catalog, cancellationToken).ConfigureAwait(false);
        var runs = new Dictionary<int, IReadOnlyList<CatalogRun>>();
        foreach (var index in indexes)
        {
            runs[index.IndexId] = await CatalogRuns.LatestAsync(catalog, index, RunsShown, cancellationToken).ConfigureAwait(false);
        }

        return await catalog.UseAsync("reading the status", async (connection, cancellation) =>
        {
            var read = new List<IndexStatus>();
            foreach (var index in indexes)
            {
                read.Add(await ReadAsync(connection, index, runs[index.IndexId], cancellation).ConfigureAwait(false));
            }

            return new CatalogStatus(
                await connection.AskAsync<Guid>("select catalog_id from retrieval.catalog", [], cancellation).ConfigureAwait(false),
                catalog.Name,
                await connection.AskAsync<long>("select pg_database_size(current_database())", [], cancellation).ConfigureAwait(false),
                connection.PostgreSqlVersion.ToString(),
                await connection.AskAsync<string>("select extversion from pg_extension where extname = 'vector'", [], cancellation).ConfigureAwait(false) ?? "",
                read);
        }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IndexStatus> ReadAsync(NpgsqlConnection connection, CatalogIndex index, IReadOnlyList<CatalogRun> runs, CancellationToken cancellationToken)
    {
        (long Images, long Captions, long Tombstones) counts = default;
        await foreach (var row in connection.RowsAsync(
            "select count(*) filter (where not deleted), coalesce(sum(captions) filter (where not deleted), 0)::bigint, count(*) filter (where deleted) from retrieval.image where index_id = $1",
            [index.IndexId], cancellationToken).ConfigureAwait(false))
        {
            counts = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        }

        var tables = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var parent in Parents)
        {
            tables[parent] = await connection.AskAsync<long>("select pg_total_relation_size(to_regclass('retrieval.' || $1 || '_' || $2))", [parent, index.IndexId], cancellationToken).ConfigureAwait(false);
        }

        return new IndexStatus(
            index, counts.Images, counts.Captions, counts.Tombstones, tables,
            await NearestAsync(connection, index, cancellationToken).ConfigureAwait(false), await LedgerAsync(connection, index, cancellationToken).ConfigureAwait(false), runs);
    }

    internal static async Task<IReadOnlyDictionary<string, long>> NearestAsync(NpgsqlConnection connection, CatalogIndex index, CancellationToken cancellationToken)
    {
        var nearest = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var collection in ShortlistIndexes.Collections)
        {
            if (await connection.AskAsync<long?>(
                "select pg_relation_size(indexrelid) from pg_index where indisvalid and indexrelid = to_regclass($1)", [ShortlistIndexes.NameOf(index, collection)], cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                nearest[collection] = bytes;
            }
        }

        return nearest;
    }

    internal static async Task<IReadOnlyList<PartStatus>> LedgerAsync(NpgsqlConnection connection, CatalogIndex index, CancellationToken cancellationToken)
    {
        var parts = new List<PartStatus>();
        await foreach (var row in connection.RowsAsync(
            "select part, parts, source_key, source_stamp, next_row, ingested, skipped, rejected, completed, replaced, batch_rows from retrieval.ledger where index_id = $1 order by source_key, parts, part",
            [index.IndexId], cancellationToken).ConfigureAwait(false))
        {
            var entry = new SourceCheckpoint(row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), 0, row.GetBoolean(8)) { Replaced = row.GetInt64(9), BatchRows = row.GetInt32(10) };
            parts.Add(new PartStatus(row.GetInt32(0), row.GetInt32(1), entry));
        }

        return parts;
    }
}
