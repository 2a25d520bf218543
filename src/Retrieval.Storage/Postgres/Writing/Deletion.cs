using Npgsql;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Deletes one image in one transaction, sent in one round trip.</summary>
internal sealed class Deletion(WriterSession session, CatalogIndex index)
{
    // Gives the row number of the tombstoned version to the statements that follow.
    private const string Tombstone = """
        with gone as (
            update retrieval.image set deleted = true, deleted_at = clock_timestamp(), epoch = (select epoch from retrieval.index where index_id = $1),
                   metadata = null, tags = '{}', boxes = null, captions = 0, value_rows = 0
            where index_id = $1 and id = $2 and not deleted returning row_no)
        insert into pg_temp.retrieval_decided (row_no, outcome, gone) select row_no, 'deleted', row_no from gone
        """;

    // What was tombstoned now, or by an earlier attempt that got no reply.
    private const string Tell = """
        select true, (select i.epoch from retrieval.image i join retrieval.change c using (index_id, epoch) where i.index_id = $1 and i.id = $2 and i.deleted and c.token = $3)
        """;

    /// <param name="id">The image.</param>
    /// <param name="token">Unique to this deletion. It tells an earlier attempt's tombstone from those of other deletions.</param>
    /// <param name="cancellationToken">Cancels the deletion. It is then unknown whether it was committed.</param>
    /// <returns>The epoch in which the image disappears; null if it did not exist.</returns>
    public async Task<long?> RunAsync(string id, Guid token, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(session.Connection);
        await using (batch.ConfigureAwait(false))
        {
            Add(batch, "begin");
            Add(batch, StoreStatements.Reserve, index.IndexId);
            Add(batch, StoreStatements.TakeEpochAs, index.IndexId, token);
            Add(batch, Tombstone, index.IndexId, id);
            foreach (var sweep in StoreStatements.Sweep)
            {
                Add(batch, sweep, index.IndexId);
            }

            Add(batch, StoreStatements.GiveEpochBack, index.IndexId);
            Add(batch, Tell, index.IndexId, id, token);
            Add(batch, "commit");
            return await RunAsync(batch, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<long?> RunAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        long? epoch = null;
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            do
            {
                if (reader.FieldCount > 1 && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    epoch = reader.IsDBNull(1) ? null : reader.GetInt64(1);
                }
            }
            while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false));
        }

        return epoch;
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
    }
}
