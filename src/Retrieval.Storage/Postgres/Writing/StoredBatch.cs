using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Finds the outcome of a batch that was committed while the connection was lost.</summary>
internal static class StoredBatch
{
    /// <param name="session">The session opened after the loss.</param>
    /// <param name="index">The index.</param>
    /// <param name="step">The change to the checkpoint.</param>
    /// <param name="staged">The images.</param>
    /// <param name="before">The checkpoint before the batch.</param>
    /// <param name="after">The checkpoint with the batch.</param>
    /// <param name="rowNumbers">Row numbers of all attempts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<BatchOutcome> RecallAsync(
        WriterSession session, CatalogIndex index, CheckpointStep step, StagedBatch? staged, SourceCheckpoint before, SourceCheckpoint after, List<long> rowNumbers, CancellationToken cancellationToken)
    {
        var run = step.Claim.RunId;
        var refused = (int)(after.Rejected - before.Rejected) - step.Rejects.Count;
        var owned = await session.ReadAsync(
            """
            with latest as materialized (select * from retrieval.reject where run_id = $1 and owner is not null order by reject_no desc limit $2)
            select array(select image_id from latest order by reject_no), array(select owner from latest order by reject_no)
            """,
            [run, refused],
            reader => reader.GetFieldValue<string[]>(0).Zip(reader.GetFieldValue<string[]>(1), BatchTransaction.Refused).ToList(),
            cancellationToken).ConfigureAwait(false);
        var (epoch, cancel) = await session.ReadAsync(
            """
            select coalesce((select max(epoch) from retrieval.image where index_id = $1 and row_no = any($2)), (select epoch from retrieval.index where index_id = $1)),
                   coalesce((select cancel_requested from retrieval.run where run_id = $3), false)
            """,
            [index.IndexId, rowNumbers.ToArray(), run],
            reader => (reader.GetInt64(0), reader.GetBoolean(1)),
            cancellationToken).ConfigureAwait(false);
        var replaced = (int)(after.Replaced - before.Replaced);
        return new BatchOutcome(
            epoch,
            (int)(after.Ingested - before.Ingested) - replaced,
            replaced,
            (int)(after.Skipped - before.Skipped) - step.Skipped,
            [.. staged?.Faults.Select(fault => fault.Image) ?? [], .. owned!],
            cancel);
    }
}
