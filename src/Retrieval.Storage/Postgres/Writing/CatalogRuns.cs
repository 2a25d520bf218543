using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>The run registry of a catalog, for people.</summary>
public static class CatalogRuns
{
    /// <summary>The number of rejects shown with a run.</summary>
    public const int RejectsShown = 20;

    private const string Select = $"""
        select r.run_id, i.name, r.source_key, r.part, r.parts, r.worker, r.state, r.message, r.cancel_requested, r.first_row, r.next_row, r.total_rows,
               r.ingested, r.replaced, r.skipped, r.rejected, r.captions, r.started_at, r.updated_at, r.ended_at,
               r.state = 'running' and l.run_id = r.run_id and exists (
                   select from pg_locks k where k.locktype = 'advisory' and k.granted and k.database = (select oid from pg_database where datname = current_database())
                   and k.classid::bigint << 32 | k.objid::bigint = (select {PartCheckpoint.LockKey} from (select r.index_id, r.source_key, r.part, r.parts) part))
        from retrieval.run r join retrieval.index i using (index_id)
        left join retrieval.ledger l on l.index_id = r.index_id and l.source_key = r.source_key and l.part = r.part and l.parts = r.parts
        """;

    /// <summary>The latest runs, newest first.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="index">The index; null for all.</param>
    /// <param name="limit">The maximum number of runs.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public static Task<IReadOnlyList<CatalogRun>> ListAsync(Catalog catalog, CatalogIndex? index, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync("listing the ingestions", (connection, cancellation) => ReadAsync(
            connection, $"{Select} where $1 = 0 or r.index_id = $1 order by r.started_at desc, r.run_id limit $2", [index?.IndexId ?? 0, limit], Run, cancellation), cancellationToken);
    }

    /// <summary>A run with its findings and first rejects; null if there is no such run.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public static Task<CatalogRun?> FindAsync(Catalog catalog, Guid runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync("reading an ingestion", async (connection, cancellation) =>
        {
            var runs = await ReadAsync(connection, $"{Select} where r.run_id = $1", [runId], Run, cancellation).ConfigureAwait(false);
            var rejects = await ReadAsync(
                connection,
                "select source, row_number, image_id, reason from retrieval.reject where run_id = $1 order by reject_no limit $2",
                [runId, RejectsShown],
                reader => new CatalogReject(reader.GetString(0), reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetString(3)),
                cancellation).ConfigureAwait(false);

            // By way of the row: before migration 0003 there is no such column, and the runs can be shown all the same.
            var findings = await ReadAsync(
                connection,
                "select to_jsonb(r) ->> 'findings' from retrieval.run r where run_id = $1",
                [runId],
                reader => CatalogFindings.Of(reader.IsDBNull(0) ? null : reader.GetString(0)),
                cancellation).ConfigureAwait(false);
            return runs.Count == 0 ? null : runs[0] with { FirstRejects = rejects, Findings = findings.Count == 0 ? CatalogFindings.None : findings[0] };
        }, cancellationToken);
    }

    /// <summary>The latest runs of an index, newest first, each with its findings and first rejects.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task<IReadOnlyList<CatalogRun>> LatestAsync(Catalog catalog, CatalogIndex index, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        var runs = new List<CatalogRun>();
        foreach (var run in await ListAsync(catalog, index, limit, cancellationToken).ConfigureAwait(false))
        {
            // One that a vacuum has removed since is as it was listed.
            runs.Add(await FindAsync(catalog, run.RunId, cancellationToken).ConfigureAwait(false) ?? run);
        }

        return runs;
    }

    /// <summary>Asks a run to stop. The run learns of it with its next batch.</summary>
    /// <returns>False if there is no such run or it has ended.</returns>
    /// <inheritdoc cref="ListAsync"/>
    public static Task<bool> RequestCancelAsync(Catalog catalog, Guid runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync("cancelling an ingestion", async (connection, cancellation) =>
            (await ReadAsync(connection, "update retrieval.run set cancel_requested = true where run_id = $1 and state = 'running' returning 1", [runId], reader => reader.GetInt32(0), cancellation).ConfigureAwait(false)).Count > 0, cancellationToken);
    }

    internal static string NameOf(RunState state) => state switch
    {
        RunState.Running => "running",
        RunState.Completed => "completed",
        RunState.Cancelled => "cancelled",
        RunState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "unknown state"),
    };

    private static CatalogRun Run(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetString(5), Enum.Parse<RunState>(reader.GetString(6), ignoreCase: true), reader.IsDBNull(7) ? null : reader.GetString(7))
    {
        CancelRequested = reader.GetBoolean(8),
        FirstRow = reader.GetInt64(9),
        NextRow = reader.GetInt64(10),
        TotalRows = reader.IsDBNull(11) ? null : reader.GetInt64(11),
        Ingested = reader.GetInt64(12),
        Replaced = reader.GetInt64(13),
        Skipped = reader.GetInt64(14),
        Rejected = reader.GetInt64(15),
        Captions = reader.GetInt64(16),
        StartedAt = reader.GetFieldValue<DateTimeOffset>(17),
        UpdatedAt = reader.GetFieldValue<DateTimeOffset>(18),
        EndedAt = reader.IsDBNull(19) ? null : reader.GetFieldValue<DateTimeOffset>(19),
        Connected = !reader.IsDBNull(20) && reader.GetBoolean(20),
    };

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, object[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            }

            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows.Add(read(reader));
                }

                return rows;
            }
        }
    }
}
