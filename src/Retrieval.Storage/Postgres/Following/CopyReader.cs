using System.Buffers.Binary;
using System.Text;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// Reads the output of <c>copy … to stdout (format binary)</c>. Small fields come from a buffer; large ones are read from the
/// connection directly into their destination.
/// </summary>
internal sealed class CopyReader(Stream stream, byte[] buffer)
{
    public const int BufferBytes = 64 << 10;
    private static readonly byte[] Signature = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8];

    private byte[] _buffer = buffer;
    private int _from;
    private int _to;

    /// <summary>Bytes read.</summary>
    public long Bytes { get; private set; }

    public async ValueTask HeaderAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(Signature.Length + (2 * sizeof(int)), cancellationToken).ConfigureAwait(false);
        if (!_buffer.AsSpan(_from, Signature.Length).SequenceEqual(Signature))
        {
            throw new InvalidDataException("the server sent something else than a binary copy");
        }

        _from += Signature.Length + sizeof(int);
        await SkipAsync(TakeInt32(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves to the next row; false after the last one.</summary>
    public async ValueTask<bool> NextAsync(int fields, CancellationToken cancellationToken)
    {
        await EnsureAsync(sizeof(short), cancellationToken).ConfigureAwait(false);
        var found = BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_from));
        _from += sizeof(short);
        return found == fields || (found == -1 ? false : throw new InvalidDataException($"the server sent a row of {found} fields, expected {fields}"));
    }

    /// <summary>Length in bytes of the next field; -1 for null.</summary>
    public async ValueTask<int> LengthAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(sizeof(int), cancellationToken).ConfigureAwait(false);
        return TakeInt32();
    }

    /// <summary>The next field; empty for null. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> FieldAsync(CancellationToken cancellationToken)
    {
        var length = await LengthAsync(cancellationToken).ConfigureAwait(false);
        if (length <= 0)
        {
            return default;
        }

        await EnsureAsync(length, cancellationToken).ConfigureAwait(false);
        _from += length;
        return _buffer.AsMemory(_from - length, length);
    }

    public async ValueTask<long> Int64Async(CancellationToken cancellationToken) =>
        BinaryPrimitives.ReadInt64BigEndian((await FieldAsync(cancellationToken).ConfigureAwait(false)).Span);

    public async ValueTask<int> Int32Async(CancellationToken cancellationToken) =>
        BinaryPrimitives.ReadInt32BigEndian((await FieldAsync(cancellationToken).ConfigureAwait(false)).Span);

    public async ValueTask<bool> BooleanAsync(CancellationToken cancellationToken) =>
        (await FieldAsync(cancellationToken).ConfigureAwait(false)).Span[0] != 0;

    public async ValueTask<string> TextAsync(CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString((await FieldAsync(cancellationToken).ConfigureAwait(false)).Span);

    /// <summary>Reads the next bytes of a field until <paramref name="target"/> is full.</summary>
    public async ValueTask FillAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var here = Math.Min(_to - _from, target.Length);
        _buffer.AsSpan(_from, here).CopyTo(target.Span);
        _from += here;
        target = target[here..];
        if (target.Length >= BufferBytes / 4)
        {
            await stream.ReadExactlyAsync(target, cancellationToken).ConfigureAwait(false);
            Bytes += target.Length;
        }
        else if (target.Length > 0)
        {
            await EnsureAsync(target.Length, cancellationToken).ConfigureAwait(false);
            _buffer.AsSpan(_from, target.Length).CopyTo(target.Span);
            _from += target.Length;
        }
    }

    private async ValueTask SkipAsync(int bytes, CancellationToken cancellationToken)
    {
        await EnsureAsync(bytes, cancellationToken).ConfigureAwait(false);
        _from += bytes;
    }

    private int TakeInt32()
    {
        _from += sizeof(int);
        return BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_from - sizeof(int)));
    }

    private ValueTask EnsureAsync(int bytes, CancellationToken cancellationToken) =>
        _to - _from >= bytes ? ValueTask.CompletedTask : ReadMoreAsync(bytes, cancellationToken);

    private async ValueTask ReadMoreAsync(int bytes, CancellationToken cancellationToken)
    {
        var left = _buffer.AsMemory(_from, _to - _from);
        var target = bytes > _buffer.Length ? new byte[bytes] : _buffer;
        left.CopyTo(target);
        (_buffer, _from, _to) = (target, 0, left.Length);
        var read = await stream.ReadAtLeastAsync(_buffer.AsMemory(_to), bytes - _to, cancellationToken: cancellationToken).ConfigureAwait(false);
        _to += read;
        Bytes += read;
    }
}
