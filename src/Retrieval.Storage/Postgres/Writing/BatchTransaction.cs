using Npgsql;
using NpgsqlTypes;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Runs one batch as one transaction on a session. It may be run again after any failure; the session must then be rolled back or
/// closed.
/// </summary>
internal sealed class BatchTransaction(WriterSession session, CatalogIndex index)
{
    /// <summary>Row numbers of the images, set when the transaction has begun.</summary>
    public long[] RowNumbers { get; private set; } = [];

    /// <param name="batch">The images; null for none.</param>
    /// <param name="sourceNo">Number of their source; null for none.</param>
    /// <param name="replace">Whether the images may replace those of another source.</param>
    /// <param name="step">The progress to store in the checkpoint; null if there is none.</param>
    /// <param name="cancellationToken">Cancels the transaction. It is then unknown whether it was committed.</param>
    public async Task<BatchOutcome> RunAsync(StagedBatch? batch, int? sourceNo, bool replace, CheckpointStep? step, CancellationToken cancellationToken)
    {
        var copy = new BatchCopy(session.Connection, index.IndexId, session.Buffer);
        RowNumbers = await BeginAsync(batch?.Entries.Count ?? 0, cancellationToken).ConfigureAwait(false);
        if (step is { Rejects.Count: > 0 })
        {
            await copy.SendAsync(step.Claim, step.Rejects, cancellationToken).ConfigureAwait(false);
        }

        if (RowNumbers.Length > 0)
        {
            await copy.SendAsync(batch!, RowNumbers, row => step?.SourceRow(row) ?? row, cancellationToken).ConfigureAwait(false);
        }

        var end = new NpgsqlBatch(session.Connection);
        await using (end.ConfigureAwait(false))
        {
            if (RowNumbers.Length > 0)
            {
                AddImages(end, sourceNo, replace, step);
            }

            if (step is not null)
            {
                AddCheckpoint(end, step);
            }

            Add(end, StoreStatements.Tell, index.IndexId, (object?)step?.Claim.RunId ?? DBNull.Value);
            Add(end, "commit");
            return await RunAsync(end, batch, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<BatchOutcome> RunAsync(NpgsqlBatch end, StagedBatch? batch, CancellationToken cancellationToken)
    {
        BatchOutcome? outcome = null;
        var reader = await end.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            do
            {
                // Several statements return rows; the last one has the outcome.
                if (reader.FieldCount > 1 && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var refused = reader.GetFieldValue<string[]>(5).Zip(reader.GetFieldValue<string[]>(6), Refused);
                    outcome = new BatchOutcome(
                        reader.GetInt64(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3), [.. batch?.Faults.Select(fault => fault.Image) ?? [], .. refused], reader.GetBoolean(4));
                }
            }
            while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false));
        }

        return outcome ?? throw new InvalidOperationException("the transaction told nothing");
    }

    internal static RejectedImage Refused(string id, string owner) =>
        new(id, owner, OtherSource.Reason(id, owner));

    private async Task<long[]> BeginAsync(int images, CancellationToken cancellationToken)
    {
        var begin = new NpgsqlBatch(session.Connection);
        await using (begin.ConfigureAwait(false))
        {
            Add(begin, "begin");
            if (images > 0)
            {
                Add(begin, StoreStatements.Reserve, index.IndexId);
            }

            Add(begin, "select array(select nextval('retrieval.row_no') from generate_series(1, $1))", images);
            var reader = await begin.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return reader.GetFieldValue<long[]>(0);
            }
        }
    }

    private void AddImages(NpgsqlBatch end, int? sourceNo, bool replace, CheckpointStep? step)
    {
        var source = (object?)sourceNo ?? DBNull.Value;
        Add(end, StoreStatements.TakeEpoch, index.IndexId);
        Add(end, StoreStatements.Decide, index.IndexId, replace, source);
        foreach (var sweep in StoreStatements.Sweep)
        {
            Add(end, sweep, index.IndexId);
        }

        Add(end, StoreStatements.Point, index.IndexId, source);
        Add(end, StoreStatements.GiveEpochBack, index.IndexId);
        if (step is not null)
        {
            var claim = step.Claim;
            Add(end, StoreStatements.Refuse, index.IndexId, claim.SourceKey, claim.Part, claim.Parts, claim.RunId, step.SourceName, OtherSource.Format);
        }
    }

    private void AddCheckpoint(NpgsqlBatch end, CheckpointStep step)
    {
        var claim = step.Claim;
        Add(end, StoreStatements.AdvanceCheckpoint, index.IndexId, claim.SourceKey, claim.Part, claim.Parts, claim.RunId, step.FirstRow, step.EndRow, step.Skipped, step.Rejects.Count);
        Add(end, StoreStatements.MoveRun, claim.RunId, step.EndRow, step.Skipped, step.Rejects.Count);
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.Add(value switch
            {
                // A null needs an explicit type. The only nulls are a source's number and a run's id.
                DBNull when sql == StoreStatements.Tell => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Uuid, Value = value },
                DBNull => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Integer, Value = value },
                _ => new NpgsqlParameter { Value = value },
            });
        }

        batch.BatchCommands.Add(command);
    }
}
