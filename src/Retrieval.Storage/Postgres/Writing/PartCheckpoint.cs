using Retrieval.Domain.Errors;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>The checkpoint of one part of a source, and the lock that tells which run holds the part.</summary>
internal sealed class PartCheckpoint(CatalogIndex index, IngestionClaim claim)
{
    /// <summary>Key of the advisory lock of a row of the <c>ledger</c> or of a run.</summary>
    public const string LockKey = "hashtextextended(format('%s/%s/%s/%s', index_id, part, parts, source_key), 0)";

    // The text is indexed and shown.
    private const int LongestText = 1024;

    // The time the server may need to notice that the process that held the lock is gone.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private string What => $"ingesting '{claim.SourceKey}' into index {index.Name}";

    private object[] Part => [index.IndexId, claim.SourceKey, claim.Part, claim.Parts];

    /// <exception cref="InvalidInputException">The claim cannot be stored.</exception>
    public static void Require(IngestionClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentOutOfRangeException.ThrowIfLessThan(claim.BatchRows, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(claim.Part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(claim.Part, claim.Parts);
        ArgumentOutOfRangeException.ThrowIfNegative(claim.FirstRow);
        RequireText(claim.SourceKey, "source key");
        RequireText(claim.SourceStamp, "source stamp");
        RequireText(claim.Worker, "worker");
    }

    public static void RequireText(string text, string field)
    {
        var bytes = -1;
        try
        {
            bytes = BatchCheck.StrictUtf8.GetByteCount(text);
        }
        catch (ArgumentException)
        {
            // Lone surrogates cannot be stored, just as a text that is too long.
        }

        if (bytes is < 1 or > LongestText || text.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidInputException($"has to be 1 to {LongestText} bytes of UTF-8 without U+0000", field: field);
        }
    }

    /// <summary>Takes the lock for the lifetime of the session.</summary>
    /// <exception cref="CatalogException">Another session holds it.</exception>
    public async Task LockAsync(WriterSession session, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!await session.ReadAsync(
            $"select pg_try_advisory_lock({LockKey}) from (values ($1, $2, $3, $4)) as part (index_id, source_key, part, parts)", Part, reader => reader.GetBoolean(0), cancellationToken).ConfigureAwait(false))
        {
            if (time.GetElapsedTime(began) > Patience)
            {
                throw Taken("another run has it; wait for that one to end, or stop it");
            }

            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Registers the run and returns where it begins. Call it in a transaction; it may be repeated.</summary>
    public async Task<(SourceCheckpoint Ledger, int SourceNo)> RegisterAsync(WriterSession session, CancellationToken cancellationToken)
    {
        await RequireOneDivisionAsync(session, cancellationToken).ConfigureAwait(false);
        var sourceNo = await SourceAsync(session, index, claim.SourceKey, cancellationToken).ConfigureAwait(false);
        var found = await ReadAsync(session, cancellationToken).ConfigureAwait(false);
        var resumed = found is { } row && row.Entry.SourceStamp == claim.SourceStamp && !claim.Restart;
        var entry = resumed ? found!.Value.Entry : new SourceCheckpoint(claim.SourceKey, claim.SourceStamp, claim.FirstRow, 0, 0, 0, 0, false) { BatchRows = claim.BatchRows };
        if (resumed)
        {
            await session.ExecuteAsync(
                "update retrieval.ledger set run_id = $5, updated_at = clock_timestamp() where index_id = $1 and source_key = $2 and part = $3 and parts = $4",
                [.. Part, claim.RunId], cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await session.ExecuteAsync("delete from retrieval.reject where index_id = $1 and source_key = $2 and part = $3 and parts = $4", Part, cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync("""
                insert into retrieval.ledger (index_id, source_key, part, parts, source_stamp, batch_rows, next_row, run_id) values ($1, $2, $3, $4, $5, $6, $7, $8)
                on conflict (index_id, source_key, part, parts) do update set
                    source_stamp = excluded.source_stamp, batch_rows = excluded.batch_rows, next_row = excluded.next_row, run_id = excluded.run_id,
                    ingested = 0, replaced = 0, skipped = 0, rejected = 0, completed = false, updated_at = clock_timestamp()
                """, [.. Part, claim.SourceStamp, claim.BatchRows, claim.FirstRow, claim.RunId], cancellationToken).ConfigureAwait(false);
        }

        await session.ExecuteAsync("""
            update retrieval.run set state = 'failed', message = 'it ended without a word; another run went on', ended_at = clock_timestamp()
            where index_id = $1 and source_key = $2 and part = $3 and parts = $4 and state = 'running' and run_id <> $5
            """, [.. Part, claim.RunId], cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync("""
            insert into retrieval.run (index_id, source_key, part, parts, run_id, worker, state, first_row, next_row, total_rows, findings)
            values ($1, $2, $3, $4, $5, $6, 'running', $7, $7, $8::bigint, $9::jsonb)
            on conflict (run_id) do nothing
            """, [.. Part, claim.RunId, claim.Worker, entry.NextRow, claim.TotalRows is { } rows ? rows : DBNull.Value, claim.Findings.ToJson()], cancellationToken).ConfigureAwait(false);
        return (entry, sourceNo);
    }

    /// <summary>The committed checkpoint.</summary>
    /// <exception cref="CatalogException">Another run holds the part by now.</exception>
    public async Task<SourceCheckpoint> RequireOursAsync(WriterSession session, CancellationToken cancellationToken) =>
        await ReadAsync(session, cancellationToken).ConfigureAwait(false) is { } row && row.Run == claim.RunId
            ? row.Entry
            : throw Taken("another run has continued it");

    /// <summary>The number of a source; assigned if it has none.</summary>
    public static async Task<int> SourceAsync(WriterSession session, CatalogIndex index, string key, CancellationToken cancellationToken)
    {
        object[] values = [index.IndexId, key];
        await session.ExecuteAsync("insert into retrieval.source (index_id, source_key) values ($1, $2) on conflict do nothing", values, cancellationToken).ConfigureAwait(false);
        return await session.ReadAsync("select source_no from retrieval.source where index_id = $1 and source_key = $2", values, reader => reader.GetInt32(0), cancellationToken).ConfigureAwait(false);
    }

    // Parts of n and parts of m never add up to a whole, so the source would never be complete. The lock makes two runs that
    // start at the same time with different n see each other.
    private async Task RequireOneDivisionAsync(WriterSession session, CancellationToken cancellationToken)
    {
        object[] source = [index.IndexId, claim.SourceKey];
        await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(format('division %s/%s', $1::integer, $2::text), 0))", source, cancellationToken).ConfigureAwait(false);
        if (claim.Restart)
        {
            // Runs of the other division find their row gone and stop.
            await session.ExecuteAsync("delete from retrieval.ledger where index_id = $1 and source_key = $2 and parts <> $3", [.. source, claim.Parts], cancellationToken).ConfigureAwait(false);
            return;
        }

        var other = await session.ReadAsync<(int Parts, long Done)?>(
            """
            select parts, count(*) filter (where completed) from retrieval.ledger
            where index_id = $1 and source_key = $2 and source_stamp = $4 and parts <> $3
            group by parts having count(*) filter (where completed) < parts order by parts limit 1
            """,
            [.. source, claim.Parts, claim.SourceStamp],
            reader => (reader.GetInt32(0), reader.GetInt64(1)),
            cancellationToken).ConfigureAwait(false);
        if (other is { } begun)
        {
            throw new InvalidInputException(
                $"is one of {claim.Parts}; '{claim.SourceKey}' was begun in {begun.Parts} parts, {begun.Done} of which are complete: store the others of these {begun.Parts}, or restart, which begins the source anew", field: "part");
        }
    }

    public CatalogException Taken(string reason, Exception? cause = null) => new(What, CatalogFault.Taken, reason, cause);

    private Task<(SourceCheckpoint Entry, Guid Run)?> ReadAsync(WriterSession session, CancellationToken cancellationToken) =>
        session.ReadAsync<(SourceCheckpoint, Guid)?>(
            """
            select source_key, source_stamp, next_row, ingested, skipped, rejected, completed, replaced, batch_rows, run_id
            from retrieval.ledger where index_id = $1 and source_key = $2 and part = $3 and parts = $4
            """,
            Part,
            reader => (
                new SourceCheckpoint(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), 0, reader.GetBoolean(6))
                {
                    Replaced = reader.GetInt64(7),
                    BatchRows = reader.GetInt32(8),
                },
                reader.GetGuid(9)),
            cancellationToken);
}
