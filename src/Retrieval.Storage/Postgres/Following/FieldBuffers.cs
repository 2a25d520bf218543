using Retrieval.Domain.Bundles;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// The tensors of a chunk's images or captions, field by field as the local index stores them. A record of the catalog has an
/// item's fields one after the other; they are separated as they are read.
/// </summary>
internal sealed class FieldBuffers
{
    private readonly IReadOnlyList<FieldSpec> _specs;
    private readonly ByteBuffer[] _fields;
    private readonly ByteBuffer _embedding = new();
    private readonly List<int> _lengths = [];
    private readonly int _embeddingBytes;
    private readonly int _fixedBytes;
    private readonly int _wordBytes;

    public FieldBuffers(IReadOnlyList<FieldSpec> specs, int embeddingWidth)
    {
        _specs = specs;
        _fields = [.. specs.Select(_ => new ByteBuffer())];
        _embeddingBytes = embeddingWidth * sizeof(float);
        _fixedBytes = specs.Where(spec => !spec.Ragged).Sum(spec => spec.RowBytes) + _embeddingBytes;
        _wordBytes = specs.Where(spec => spec.Ragged).Sum(spec => spec.RowBytes);
    }

    /// <summary>Bytes of a record with this many ragged rows.</summary>
    public long BytesOf(int words) => _fixedBytes + ((long)words * _wordBytes);

    public void Clear()
    {
        Array.ForEach(_fields, field => field.Clear());
        _embedding.Clear();
        _lengths.Clear();
    }

    /// <summary>Reads the next field of a row, which is a record.</summary>
    /// <param name="reader">Where it comes from.</param>
    /// <param name="words">The number of ragged rows; null if the row does not say.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidDataException">Its length does not match its fields.</exception>
    public async ValueTask ReadAsync(CopyReader reader, int? words, CancellationToken cancellationToken)
    {
        var length = await reader.LengthAsync(cancellationToken).ConfigureAwait(false);
        var rows = words ?? (_wordBytes == 0 ? 0 : (length - _fixedBytes) / _wordBytes);
        if (rows < 0 || length != BytesOf(rows))
        {
            throw new InvalidDataException(length < 0 ? "it has no record" : $"its record has {length} bytes, expected {BytesOf(Math.Max(0, rows))}");
        }

        for (var field = 0; field < _fields.Length; field++)
        {
            var bytes = checked(_specs[field].RowBytes * (_specs[field].Ragged ? rows : 1));
            await reader.FillAsync(_fields[field].Add(bytes), cancellationToken).ConfigureAwait(false);
        }

        await reader.FillAsync(_embedding.Add(_embeddingBytes), cancellationToken).ConfigureAwait(false);
        if (_wordBytes > 0)
        {
            _lengths.Add(rows);
        }
    }

    /// <summary>The rows read, valid until the next <see cref="Clear"/>.</summary>
    public FieldRows ToRows() => new()
    {
        Embedding = _embedding.Written,
        Fields = _specs.Zip(_fields).ToDictionary(pair => pair.First.Name, pair => pair.Second.Written),
        Lengths = _lengths.ToArray(),
    };

    /// <summary>A growing byte buffer that keeps its capacity.</summary>
    private sealed class ByteBuffer
    {
        private byte[] _bytes = [];
        private int _count;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

        public void Clear() => _count = 0;

        public Memory<byte> Add(int bytes)
        {
            var needed = checked(_count + bytes);
            if (needed > _bytes.Length)
            {
                Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _bytes.Length)));
            }

            _count = needed;
            return _bytes.AsMemory(needed - bytes, bytes);
        }
    }
}
