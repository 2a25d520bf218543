using System.Globalization;
using Npgsql;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>
/// A transaction that writes one image without captions as the writer does, and takes its time: its rows are written at
/// the beginning, its epoch is drawn just before the end, and between that and its commit it may wait once more.
/// </summary>
internal sealed class LateWriter : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _index;
    private NpgsqlTransaction? _transaction;
    private long _rowNo;

    private LateWriter(ReplicatedCatalog catalog)
    {
        _index = catalog.Index.IndexId.ToString(CultureInfo.InvariantCulture);
        _connection = new NpgsqlConnection(catalog.Database.OwnerConnectionString + ";Pooling=false");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A version of this id that has no captions.</summary>
    public static int VersionOf(string id) => Enumerable.Range(0, 1000).First(version => SampleCorpus.Image(id, version).Entry.Captions.Count == 0);

    public static async Task<LateWriter> BeginAsync(ReplicatedCatalog catalog, string id)
    {
        var writer = new LateWriter(catalog);
        await writer._connection.OpenAsync(Cancellation);
        writer._transaction = await writer._connection.BeginTransactionAsync(Cancellation);
        var sample = SampleCorpus.Image(id, VersionOf(id));
        writer._rowNo = (long)(await writer.RunAsync("select nextval('retrieval.row_no')"))!;
        await writer.RunAsync(
            $"insert into retrieval.image_record (index_id, row_no, record) values ({writer._index}, $1, $2)",
            writer._rowNo,
            (byte[])[.. sample.ImageFieldsByName["v"], .. sample.ImageFieldsByName["embedding"]]);
        return writer;
    }

    /// <summary>Draws the epoch and shows the image; others wait from here on.</summary>
    public async Task<long> DrawAsync(string id)
    {
        var entry = SampleCorpus.Image(id, VersionOf(id)).Entry;
        var epoch = (long)(await RunAsync($"""
            with taken as (update retrieval.index set epoch = epoch + 1 where index_id = {_index} returning index_id, epoch)
            insert into retrieval.change (index_id, epoch) select index_id, epoch from taken returning epoch
            """))!;
        await RunAsync($"""
            insert into retrieval.image (index_id, id, row_no, epoch, content_hash, metadata, boxes, value_rows) values ({_index}, $1, $2, $3, $4, $5::json, $6, 0)
            on conflict (index_id, id) do update set row_no = excluded.row_no, epoch = excluded.epoch, content_hash = excluded.content_hash,
                metadata = excluded.metadata, boxes = excluded.boxes, captions = 0, deleted = false
            """, id, _rowNo, epoch, entry.ContentHash.ToArray(), entry.Metadata.IsEmpty ? DBNull.Value : System.Text.Encoding.UTF8.GetString(entry.Metadata.Span), System.Runtime.InteropServices.MemoryMarshal.AsBytes(entry.Boxes.Span).ToArray());
        return epoch;
    }

    public Task CommitAsync() => _transaction!.CommitAsync(Cancellation);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<object?> RunAsync(string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        foreach (var value in values)
        {
            command.Parameters.Add(value == DBNull.Value ? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } : new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteScalarAsync(Cancellation);
    }
}
