using Npgsql;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Sends the rows of a batch. Large rows go directly to their final tables, under new row numbers that nothing refers to yet.
/// Narrow rows go to the session's staging table, where their outcome is decided later. No row is locked.
/// </summary>
internal sealed class BatchCopy(NpgsqlConnection connection, int indexId, byte[] buffer)
{
    /// <param name="batch">The rows.</param>
    /// <param name="rowNumbers">One for each of <see cref="StagedBatch.Entries"/>.</param>
    /// <param name="sourceRow">Gives the source's row for a position in the batch, for rejects.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    public async Task SendAsync(StagedBatch batch, long[] rowNumbers, Func<int, long> sourceRow, CancellationToken cancellationToken)
    {
        await CopyAsync("retrieval.image_record (index_id, row_no, record)", batch, rowNumbers, async (copy, image, rowNo) =>
        {
            await copy.RowAsync(3, cancellationToken).ConfigureAwait(false);
            copy.Number(indexId);
            copy.Number(rowNo);
            await RecordAsync(copy, batch.Images, image.Row, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        await CopyAsync("retrieval.image_embedding (index_id, row_no, embedding)", batch, rowNumbers, async (copy, image, rowNo) =>
        {
            await copy.RowAsync(3, cancellationToken).ConfigureAwait(false);
            copy.Number(indexId);
            copy.Number(rowNo);
            await copy.HalvesAsync(batch.Images.Embedding(image.Row), cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        if (batch.Entries.Any(image => image.Values.Count > 0))
        {
            await ValuesAsync(batch, rowNumbers, cancellationToken).ConfigureAwait(false);
        }

        if (batch.Entries.Any(image => image.Entry.Captions.Count > 0))
        {
            await CaptionsAsync(batch, rowNumbers, cancellationToken).ConfigureAwait(false);
        }

        await CopyAsync(StoreStatements.StagedColumns, batch, rowNumbers, (copy, image, rowNo) => StageAsync(copy, image, rowNo, sourceRow(image.Row), cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends rejects.</summary>
    public async Task SendAsync(IngestionClaim claim, IReadOnlyList<CatalogReject> rejects, CancellationToken cancellationToken)
    {
        var copy = await CopyStream.BeginAsync(connection, "retrieval.reject (index_id, source_key, part, parts, run_id, source, row_number, image_id, reason)", buffer, cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            foreach (var reject in rejects)
            {
                await copy.RowAsync(9, cancellationToken).ConfigureAwait(false);
                copy.Number(indexId);
                await copy.TextAsync(claim.SourceKey, cancellationToken).ConfigureAwait(false);
                copy.Number(claim.Part);
                copy.Number(claim.Parts);
                copy.Uuid(claim.RunId);
                await copy.TextAsync(Legible(reject.Source), cancellationToken).ConfigureAwait(false);
                copy.Number(reject.Row);
                if (reject.Id is { } id)
                {
                    await copy.TextAsync(Legible(id), cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await copy.NullAsync(cancellationToken).ConfigureAwait(false);
                }

                await copy.TextAsync(Legible(reject.Reason), cancellationToken).ConfigureAwait(false);
            }

            await copy.EndAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // The refused text may be exactly what Postgres would refuse as well.
    private static string Legible(string text) => text.Replace('\0', '\u2400');

    private static async Task RecordAsync(CopyStream copy, RecordRows rows, int item, CancellationToken cancellationToken)
    {
        await copy.LengthAsync((int)rows.Length(item), cancellationToken).ConfigureAwait(false);
        foreach (var piece in rows.Pieces(item))
        {
            await copy.AppendAsync(piece, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task ValuesAsync(StagedBatch batch, long[] rowNumbers, CancellationToken cancellationToken) =>
        CopyAsync("retrieval.image_value (index_id, row_no, value)", batch, rowNumbers, async (copy, image, rowNo) =>
        {
            foreach (var value in image.Values)
            {
                await copy.RowAsync(3, cancellationToken).ConfigureAwait(false);
                copy.Number(indexId);
                copy.Number(rowNo);
                await copy.BytesAsync(value, cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken);

    private async Task CaptionsAsync(StagedBatch batch, long[] rowNumbers, CancellationToken cancellationToken)
    {
        await CopyAsync("retrieval.caption (index_id, row_no, position, text, words, record)", batch, rowNumbers, async (copy, image, rowNo) =>
        {
            for (var i = 0; i < image.Entry.Captions.Count; i++)
            {
                await copy.RowAsync(6, cancellationToken).ConfigureAwait(false);
                copy.Number(indexId);
                copy.Number(rowNo);
                copy.Number(i);
                await copy.TextAsync(image.Entry.Captions[i], cancellationToken).ConfigureAwait(false);
                copy.Number(batch.Captions.Words(image.FirstCaption + i));
                await RecordAsync(copy, batch.Captions, image.FirstCaption + i, cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);
        await CopyAsync("retrieval.caption_embedding (index_id, row_no, position, embedding)", batch, rowNumbers, async (copy, image, rowNo) =>
        {
            for (var i = 0; i < image.Entry.Captions.Count; i++)
            {
                await copy.RowAsync(4, cancellationToken).ConfigureAwait(false);
                copy.Number(indexId);
                copy.Number(rowNo);
                copy.Number(i);
                await copy.HalvesAsync(batch.Captions.Embedding(image.FirstCaption + i), cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task StageAsync(CopyStream copy, StagedImage image, long rowNo, long sourceRow, CancellationToken cancellationToken)
    {
        var entry = image.Entry;
        await copy.RowAsync(9, cancellationToken).ConfigureAwait(false);
        copy.Number(rowNo);
        copy.Number(sourceRow);
        copy.Number(entry.Captions.Count);
        copy.Number(image.Values.Count);
        await copy.TextAsync(entry.Id, cancellationToken).ConfigureAwait(false);
        await copy.BytesAsync(entry.ContentHash, cancellationToken).ConfigureAwait(false);
        await BytesOrNullAsync(copy, entry.Metadata, cancellationToken).ConfigureAwait(false);
        await copy.TextsAsync(image.Tags, cancellationToken).ConfigureAwait(false);
        await BytesOrNullAsync(copy, RowBytes.Of(entry.Boxes), cancellationToken).ConfigureAwait(false);
    }

    private static ValueTask BytesOrNullAsync(CopyStream copy, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        bytes.IsEmpty ? copy.NullAsync(cancellationToken) : copy.BytesAsync(bytes, cancellationToken);

    private async Task CopyAsync(string target, StagedBatch batch, long[] rowNumbers, Func<CopyStream, StagedImage, long, Task> write, CancellationToken cancellationToken)
    {
        var copy = await CopyStream.BeginAsync(connection, target, buffer, cancellationToken).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            for (var i = 0; i < batch.Entries.Count; i++)
            {
                await write(copy, batch.Entries[i], rowNumbers[i]).ConfigureAwait(false);
            }

            await copy.EndAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
