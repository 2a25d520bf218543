using System.Data;
using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>Reads the images of one index in the order of their last change.</summary>
internal sealed class ChunkSource(Catalog catalog, CatalogIndex index)
{
    // Within a chunk, rows are found one by one, whatever the planner estimates. Another plan would read all records of the
    // index for every chunk.
    private const string Settings = """
        select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true),
               set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true), set_config('work_mem', '64MB', true)
        """;

    private readonly string _index = index.IndexId.ToString(CultureInfo.InvariantCulture);

    /// <summary>A transaction that sees one state of the catalog.</summary>
    public static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        var settings = new NpgsqlCommand(Settings, connection);
        await using (settings.ConfigureAwait(false))
        {
            await settings.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        return transaction;
    }

    /// <summary>
    /// The index as the transaction sees it: its epoch, and the epoch up to which tombstones are purged. It must descend from all
    /// of these states.
    /// </summary>
    /// <exception cref="CatalogException">It does not exist any more.</exception>
    /// <inheritdoc cref="CatalogVersion.RequireBefore"/>
    public async Task<CatalogIndex> LookAsync(NpgsqlConnection connection, long since, IReadOnlyList<CatalogVersion> before, CancellationToken cancellationToken)
    {
        var (now, tokens) = await LookAsync(connection, before, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < before.Count; i++)
        {
            before[i].RequireBefore(now, tokens[i], since);
        }

        return now;
    }

    /// <summary>
    /// The approximate number of images, tombstones included, from Postgres' own estimate. Counting tens of millions would take
    /// minutes.
    /// </summary>
    public async Task<long> EstimateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select greatest(reltuples, 0)::bigint from pg_class where oid = to_regclass('retrieval.image_{_index}')", connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as long? ?? 0;
        }
    }

    /// <summary>
    /// The approximate end of the next N images, if possible at the end of a change; or the end of the last requested epoch if
    /// there are fewer.
    /// </summary>
    public async Task<RowKey> EndOfAsync(NpgsqlConnection connection, RowKey from, long upTo, long rows, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"""
            select epoch, row_no from retrieval.image_{_index}
            where index_id = {_index} and epoch >= $1 and epoch <= $3 and (epoch, row_no) > ($1, $2) order by epoch, row_no offset $4 limit 2
            """, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = from.Epoch },
                new NpgsqlParameter<long> { TypedValue = from.RowNo },
                new NpgsqlParameter<long> { TypedValue = upTo },
                new NpgsqlParameter<long> { TypedValue = rows - 1 },
            },
        };
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var keys = new List<RowKey>(2);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    keys.Add(new RowKey(reader.GetInt64(0), reader.GetInt64(1)));
                }

                return keys switch
                {
                    [var last, var next] when last.Epoch < next.Epoch => RowKey.EndOf(last.Epoch),

                    // Ends within a change only if no complete change comes before it. The copy can be committed
                    // only at the end of a change.
                    [var last, _] => last.Epoch - 1 > from.Epoch || (last.Epoch - 1 == from.Epoch && !from.EndsEpoch) ? RowKey.EndOf(last.Epoch - 1) : last,
                    _ => RowKey.EndOf(upTo),
                };
            }
        }
    }

    /// <summary>
    /// Reads the images after <paramref name="from"/> up to <see cref="Chunk.End"/>, with their captions. Call it in one
    /// transaction of <see cref="BeginAsync"/>.
    /// </summary>
    /// <exception cref="CatalogException">The stored data is inconsistent.</exception>
    public async Task ReadAsync(NpgsqlConnection connection, RowKey from, Chunk chunk, CancellationToken cancellationToken)
    {
        var range = string.Create(CultureInfo.InvariantCulture, $"""
            i.index_id = {index.IndexId} and i.epoch >= {from.Epoch} and i.epoch <= {chunk.End.Epoch}
            and (i.epoch, i.row_no) > ({from.Epoch}, {from.RowNo}) and (i.epoch, i.row_no) <= ({chunk.End.Epoch}, {chunk.End.RowNo})
            """);
        try
        {
            chunk.Bytes += await CopyAsync(connection, $"""
                copy (select i.row_no, i.id, i.deleted, i.content_hash, i.metadata, i.boxes, i.captions, r.record
                      from retrieval.image_{_index} i left join retrieval.image_record_{_index} r on r.index_id = i.index_id and r.row_no = i.row_no and not i.deleted
                      where {range} order by i.epoch, i.row_no) to stdout (format binary)
                """, 8, reader => ImageAsync(reader, chunk, cancellationToken), chunk.Buffer, cancellationToken).ConfigureAwait(false);
            var image = 0;
            chunk.Bytes += await CopyAsync(connection, $"""
                copy (select c.row_no, c.position, c.text, c.words, c.record
                      from retrieval.image_{_index} i join retrieval.caption_{_index} c on c.index_id = i.index_id and c.row_no = i.row_no
                      where {range} and not i.deleted order by i.epoch, i.row_no, c.position) to stdout (format binary)
                """, 5, async reader =>
                {
                    var rowNo = await reader.Int64Async(cancellationToken).ConfigureAwait(false);
                    var position = await reader.Int32Async(cancellationToken).ConfigureAwait(false);
                    chunk.AddCaption(rowNo, position, await reader.TextAsync(cancellationToken).ConfigureAwait(false), ref image);
                    var words = await reader.Int32Async(cancellationToken).ConfigureAwait(false);
                    await chunk.CaptionFields.ReadAsync(reader, words, cancellationToken).ConfigureAwait(false);
                }, chunk.Buffer, cancellationToken).ConfigureAwait(false);
            chunk.RequireComplete();
        }
        catch (InvalidDataException e)
        {
            throw new CatalogException($"reading index {index.Name}, epochs {from.Epoch} to {chunk.End.Epoch}", CatalogFault.Other, $"an image in the catalog does not fit its schema: {e.Message}; check it with `retrieval index verify`", e);
        }
    }

    /// <inheritdoc cref="Catalog.UseAsync"/>
    /// <exception cref="CatalogException">Postgres refused, or the index does not exist any more.</exception>
    public async Task<T> UseAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await catalog.UseAsync(what, work, cancellationToken).ConfigureAwait(false);
        }
        catch (CatalogException gone) when (gone.InnerException is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable })
        {
            throw Gone(gone);
        }
    }

    private async Task<(CatalogIndex Now, Guid?[] Tokens)> LookAsync(NpgsqlConnection connection, IReadOnlyList<CatalogVersion> before, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("""
            select i.epoch, i.purged_epoch, pg_is_in_recovery(), (select c.token from retrieval.change c where c.index_id = i.index_id and c.epoch = i.epoch),
                   array(select c.token from unnest($2) with ordinality as asked (epoch, place)
                         left join retrieval.change c on c.index_id = $1 and c.epoch = asked.epoch order by asked.place)
            from retrieval.index i where i.index_id = $1
            """, connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = index.IndexId }, new NpgsqlParameter<long[]> { TypedValue = [.. before.Select(moment => moment.Epoch)] } },
        };
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    throw Gone(null);
                }

                var token = reader.IsDBNull(3) ? (Guid?)null : reader.GetGuid(3);
                return (index with { Epoch = reader.GetInt64(0), PurgedEpoch = reader.GetInt64(1), FromStandby = reader.GetBoolean(2), Token = token }, reader.GetFieldValue<Guid?[]>(4));
            }
        }
    }

    private CatalogException Gone(Exception? cause) => new($"index {index.Name}", CatalogFault.Index, "it was dropped while it was being read", cause);

    private static async ValueTask ImageAsync(CopyReader reader, Chunk chunk, CancellationToken cancellationToken)
    {
        var rowNo = await reader.Int64Async(cancellationToken).ConfigureAwait(false);
        var id = await reader.TextAsync(cancellationToken).ConfigureAwait(false);
        var deleted = await reader.BooleanAsync(cancellationToken).ConfigureAwait(false);
        var hash = (await reader.FieldAsync(cancellationToken).ConfigureAwait(false)).ToArray();
        var metadata = (await reader.FieldAsync(cancellationToken).ConfigureAwait(false)).ToArray();
        var boxes = MemoryMarshal.Cast<byte, float>((await reader.FieldAsync(cancellationToken).ConfigureAwait(false)).Span).ToArray();
        var captions = await reader.Int32Async(cancellationToken).ConfigureAwait(false);
        if (deleted)
        {
            chunk.AddDeleted(id);
            await reader.FieldAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        chunk.Add(new ChunkImage(rowNo, id, hash, metadata, boxes, captions));
        await chunk.ImageFields.ReadAsync(reader, null, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<long> CopyAsync(
        NpgsqlConnection connection, string sql, int fields, Func<CopyReader, ValueTask> row, byte[] buffer, CancellationToken cancellationToken)
    {
        var stream = await connection.BeginRawBinaryCopyAsync(sql, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var reader = new CopyReader(stream, buffer);
            await reader.HeaderAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.NextAsync(fields, cancellationToken).ConfigureAwait(false))
            {
                await row(reader).ConfigureAwait(false);
            }

            return reader.Bytes;
        }
    }
}
