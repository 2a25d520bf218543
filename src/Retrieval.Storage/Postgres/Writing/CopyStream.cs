using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Writes <c>COPY … FROM STDIN (FORMAT BINARY)</c> by hand into one buffer. A record of many tensors is one value, and the
/// driver's own importer would need it as one array first.
/// </summary>
internal sealed class CopyStream : IAsyncDisposable
{
    /// <summary>Large enough that the cost of a write is negligible compared with its data.</summary>
    public const int BufferBytes = 256 * 1024;

    // After an awaited call this much room is free, so numbers are written without a check.
    private const int Reserve = 128;
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private readonly NpgsqlRawCopyStream _stream;
    private readonly byte[] _buffer;
    private int _used;
    private bool _ended;

    private CopyStream(NpgsqlRawCopyStream stream, byte[] buffer)
    {
        _stream = stream;
        _buffer = buffer;
        Header.CopyTo(buffer, 0);
        _used = Header.Length;
    }

    /// <param name="connection">In a transaction.</param>
    /// <param name="target">Table and columns.</param>
    /// <param name="buffer"><see cref="BufferBytes"/> long; used until the stream is disposed.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    public static async Task<CopyStream> BeginAsync(NpgsqlConnection connection, string target, byte[] buffer, CancellationToken cancellationToken) =>
        new(await connection.BeginRawBinaryCopyAsync($"copy {target} from stdin (format binary)", cancellationToken).ConfigureAwait(false), buffer);

    /// <summary>Begins a row. Up to six numbers may be written before the next awaited call.</summary>
    public async ValueTask RowAsync(short columns, CancellationToken cancellationToken)
    {
        await RoomAsync(cancellationToken).ConfigureAwait(false);
        Int16(columns);
    }

    public void Number(int value)
    {
        Int32(sizeof(int));
        Int32(value);
    }

    public void Number(long value)
    {
        Int32(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(_buffer.AsSpan(_used), value);
        _used += sizeof(long);
    }

    public void Uuid(Guid value)
    {
        Int32(16);
        value.TryWriteBytes(_buffer.AsSpan(_used), bigEndian: true, out _);
        _used += 16;
    }

    public async ValueTask NullAsync(CancellationToken cancellationToken) => await LengthAsync(-1, cancellationToken).ConfigureAwait(false);

    public ValueTask TextAsync(string text, CancellationToken cancellationToken) => BytesAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    public async ValueTask BytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await LengthAsync(bytes.Length, cancellationToken).ConfigureAwait(false);
        await AppendAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A <c>text[]</c>.</summary>
    public async ValueTask TextsAsync(IReadOnlyList<byte[]> texts, CancellationToken cancellationToken)
    {
        const int textOid = 25;
        var dimensions = texts.Count == 0 ? 0 : 1;
        await LengthAsync((3 * sizeof(int)) + (dimensions * 2 * sizeof(int)) + texts.Sum(text => sizeof(int) + text.Length), cancellationToken).ConfigureAwait(false);
        Int32(dimensions);
        Int32(0);
        Int32(textOid);
        if (dimensions > 0)
        {
            Int32(texts.Count);
            Int32(1);
        }

        foreach (var text in texts)
        {
            await BytesAsync(text, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A <c>halfvec</c>.</summary>
    /// <param name="floats">Its values, float32, little-endian, all within half precision.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    public async ValueTask HalvesAsync(ReadOnlyMemory<byte> floats, CancellationToken cancellationToken)
    {
        var width = floats.Length / sizeof(float);
        var bytes = (width * Halves.Bytes) + (2 * sizeof(short));
        if (_buffer.Length - _used < bytes + Reserve)
        {
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        Int32(bytes);
        Int16((short)width);
        Int16(0);
        Halves.Write(floats.Span, _buffer.AsSpan(_used));
        _used += width * Halves.Bytes;
        await RoomAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the length of a value whose bytes follow in several calls.</summary>
    public async ValueTask LengthAsync(int length, CancellationToken cancellationToken)
    {
        await RoomAsync(cancellationToken).ConfigureAwait(false);
        Int32(length);
    }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var part = Math.Min(bytes.Length, _buffer.Length - _used);
            bytes.Span[..part].CopyTo(_buffer.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
            if (_used == _buffer.Length)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await RoomAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends the remaining bytes and waits until the server has received everything.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await RoomAsync(cancellationToken).ConfigureAwait(false);
        Int16(-1);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        _ended = true;
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Abandons the copy unless it has ended; the server then refuses it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_ended)
        {
            _ended = true;
            try
            {
                await _stream.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // Report the error that led here. The transaction is rolled back in any case.
            }
        }
    }

    private void Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer.AsSpan(_used), value);
        _used += sizeof(short);
    }

    private void Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_used), value);
        _used += sizeof(int);
    }

    private ValueTask RoomAsync(CancellationToken cancellationToken) =>
        _buffer.Length - _used < Reserve ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(_buffer.AsMemory(0, _used), cancellationToken).ConfigureAwait(false);
        _used = 0;
    }
}
