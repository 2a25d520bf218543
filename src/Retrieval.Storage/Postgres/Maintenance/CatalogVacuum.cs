using System.Globalization;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>
/// Removes what updates and deletions leave in an index. Readers and writers continue meanwhile. Needs the role that owns the
/// tables.
/// </summary>
public static class CatalogVacuum
{
    private static readonly string[] Parents = ["image", "image_record", "image_embedding", "image_value", "caption", "caption_embedding"];
    private static readonly string[] Shared = ["index", "change", "ledger", "run", "reject", "source"];

    /// <summary>Runs the vacuum.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer; what was done stays done.</exception>
    /// <exception cref="CatalogException">The role does not own the tables, or Postgres refused.</exception>
    public static Task<CatalogVacuumReport> RunAsync(Catalog catalog, CatalogIndex index, CatalogVacuumOptions options, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(options);
        var what = $"vacuuming index {index.Name}";
        return MaintenanceConnection.UseAsync(catalog, what, async (connection, cancellation) =>
        {
            // For any other role VACUUM only warns and does nothing.
            if (!await connection.AskAsync<bool>("select pg_has_role(current_user, relowner, 'usage') from pg_class where oid = to_regclass('retrieval.image')", [], cancellation).ConfigureAwait(false))
            {
                throw new CatalogException(what, CatalogFault.Forbidden, "only the role that owns the tables may do this");
            }

            progress?.Report("tombstones");
            var tombstones = options.TombstonesOlderThan is { } age ? await PurgeAsync(connection, index, age, options.TombstonesAtOnce, cancellation).ConfigureAwait(false) : 0;
            await PruneAsync(connection, index, cancellation).ConfigureAwait(false);
            var runs = await RemoveAsync(connection, "delete from retrieval.run where index_id = $1 and updated_at < now() - $2 and coalesce(ended_at, updated_at) < now() - $2", index, options.RunsOlderThan, cancellation).ConfigureAwait(false);
            var rejects = await RemoveAsync(connection, "delete from retrieval.reject where index_id = $1 and at < now() - $2", index, options.RejectsOlderThan, cancellation).ConfigureAwait(false);
            var reindexed = new List<string>();
            foreach (var collection in ShortlistIndexes.Collections)
            {
                progress?.Report($"nearest-neighbour index of {collection}s");
                if (await ReindexAsync(connection, index, collection, options.ReindexAt, cancellation).ConfigureAwait(false))
                {
                    reindexed.Add(collection);
                }
            }

            foreach (var table in Parents.Select(parent => string.Create(CultureInfo.InvariantCulture, $"{parent}_{index.IndexId}")).Concat(Shared))
            {
                progress?.Report(table);
                await connection.AskAsync<object>($"vacuum (analyze) retrieval.\"{table}\"", [], cancellation).ConfigureAwait(false);
            }

            return new CatalogVacuumReport(tombstones, runs, rejects, reindexed);
        }, cancellationToken);
    }

    /// <summary>
    /// Removes old tombstones by epoch: all up to the latest that is old enough, a limited number at a time. Each removal is
    /// recorded in the same transaction: a follower never mistakes a gap for no change, and an interrupted purge leaves no gap.
    /// </summary>
    private static async Task<long> PurgeAsync(NpgsqlConnection connection, CatalogIndex index, TimeSpan age, int chunk, CancellationToken cancellationToken)
    {
        var last = await connection.AskAsync<long>(
            "select coalesce(max(epoch), 0) from retrieval.image where index_id = $1 and deleted and deleted_at < now() - $2", [index.IndexId, age], cancellationToken).ConfigureAwait(false);
        long purged = 0;
        while (true)
        {
            // The index's row is locked before the images' rows, as writers do.
            var gone = await connection.AskAsync<long>("""
                with noted as materialized (
                    update retrieval.index set purged_epoch = greatest(purged_epoch, coalesce((select max(epoch) from (
                        select epoch from retrieval.image where index_id = $1 and deleted and epoch <= $2 order by epoch limit $3) as oldest), 0))
                    where index_id = $1 returning purged_epoch),
                gone as (delete from retrieval.image where index_id = $1 and deleted and epoch <= (select purged_epoch from noted) returning 1)
                select count(*) from gone
                """, [index.IndexId, last, chunk], cancellationToken).ConfigureAwait(false);
            purged += gone;
            if (gone == 0)
            {
                return purged;
            }
        }
    }

    /// <summary>
    /// Removes the records of changes that no replica can be at: a replica behind the purged tombstones starts from the
    /// beginning.
    /// </summary>
    private static Task<long> PruneAsync(NpgsqlConnection connection, CatalogIndex index, CancellationToken cancellationToken) => connection.AskAsync<long>("""
        with gone as (
            delete from retrieval.change c using retrieval.index i
            where c.index_id = $1 and i.index_id = $1 and c.epoch < i.purged_epoch and c.epoch < i.epoch returning 1)
        select count(*) from gone
        """, [index.IndexId], cancellationToken);

    private static async Task<long> RemoveAsync(NpgsqlConnection connection, string delete, CatalogIndex index, TimeSpan? age, CancellationToken cancellationToken) =>
        age is null ? 0 : await connection.AskAsync<long>($"with gone as ({delete} returning 1) select count(*) from gone", [index.IndexId, age.Value], cancellationToken).ConfigureAwait(false);

    private static async Task<bool> ReindexAsync(NpgsqlConnection connection, CatalogIndex index, string collection, double share, CancellationToken cancellationToken)
    {
        var nearest = ShortlistIndexes.NameOf(index, collection);
        await DropLeftoversAsync().ConfigureAwait(false);
        long live = 0, dead = 0;
        await foreach (var row in connection.RowsAsync(
            "select n_live_tup, n_dead_tup from pg_stat_user_tables s join pg_index i on i.indrelid = s.relid where i.indexrelid = to_regclass($1)", [nearest], cancellationToken).ConfigureAwait(false))
        {
            (live, dead) = (row.GetInt64(0), row.GetInt64(1));
        }

        if (dead == 0 || dead < share * (live + dead))
        {
            return false;
        }

        await ShortlistIndexes.InSharedMemoryAsync(connection, async () =>
        {
            await ShortlistIndexes.SetAsync(connection, live, index.Schema.EmbeddingWidth, m: 16, memory: null, cancellationToken).ConfigureAwait(false);
            await DropLeftoversAsync().ConfigureAwait(false);
            await connection.AskAsync<object>($"reindex index concurrently {nearest}", [], cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        return true;

        // Of an earlier attempt that was interrupted, or that found too little shared memory.
        async Task DropLeftoversAsync()
        {
            foreach (var leftover in new[] { $"{nearest}_ccnew", $"{nearest}_ccold" })
            {
                await connection.AskAsync<object>($"drop index concurrently if exists {leftover}", [], cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
