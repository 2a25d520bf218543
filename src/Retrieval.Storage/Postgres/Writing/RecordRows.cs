using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// The items of a checked batch as records: the row bytes of an item's fields in the schema's order (a ragged field has one row
/// per word), then its embedding as float32. Records are views of the batch's memory.
/// </summary>
internal sealed class RecordRows
{
    private readonly FieldRows _rows;
    private readonly CollectionFiles _files;
    private readonly long[] _ends;

    public RecordRows(FieldRows rows, CollectionFiles files, int items)
    {
        _rows = rows;
        _files = files;
        _ends = new long[files.Ragged ? items : 0];
        long end = 0;
        for (var item = 0; item < _ends.Length; item++)
        {
            _ends[item] = end += rows.Lengths.Span[item];
        }
    }

    /// <summary>Ragged rows of an item; 0 where no field is ragged.</summary>
    public int Words(int item) => _files.Ragged ? _rows.Lengths.Span[item] : 0;

    public long Length(int item) =>
        _files.EmbeddingSpec.RowBytes + _files.Fields.Sum(field => (long)field.Spec.RowBytes * (field.Spec.Ragged ? Words(item) : 1));

    public ReadOnlyMemory<byte> Embedding(int item) => Slice(_rows.Embedding, item, 1, _files.EmbeddingSpec);

    public IEnumerable<ReadOnlyMemory<byte>> Pieces(int item)
    {
        foreach (var (spec, _) in _files.Fields)
        {
            yield return spec.Ragged
                ? Slice(_rows.Fields[spec.Name], _ends[item] - Words(item), Words(item), spec)
                : Slice(_rows.Fields[spec.Name], item, 1, spec);
        }

        yield return Embedding(item);
    }

    // The batch was checked: each field is in one block of memory, so every position fits an int.
    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> bytes, long firstRow, int rows, FieldSpec spec) =>
        bytes.Slice((int)(firstRow * spec.RowBytes), rows * spec.RowBytes);
}
