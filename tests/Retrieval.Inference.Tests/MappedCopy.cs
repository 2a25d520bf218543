using System.Runtime.InteropServices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

/// <summary>Records copied into memory of the test's own, ragged items apart from each other with rubbish in between.</summary>
internal sealed class MappedCopy : IDisposable
{
    private readonly List<NativeMemoryBlock> _blocks = [];

    public MappedCopy(RecordTable source, byte rubbish = 0, int gap = 0)
    {
        var lengths = source.Lengths.ToArray();
        var offsets = new long[lengths.Length];
        long rows = gap;
        for (var i = 0; i < lengths.Length; i++)
        {
            offsets[i] = rows;
            rows += lengths[i] + gap;
        }

        var fields = source.Fields.Select(field =>
        {
            var content = source.Bytes(field);
            if (!field.Ragged)
            {
                return (field, Keep(content), source.Count);
            }

            var apart = new byte[rows * field.RowBytes];
            apart.AsSpan().Fill(rubbish);
            var from = 0;
            for (var i = 0; i < lengths.Length; i++)
            {
                var bytes = (int)lengths[i] * field.RowBytes;
                content.Slice(from, bytes).CopyTo(apart.AsSpan((int)offsets[i] * field.RowBytes));
                from += bytes;
            }

            return (field, Keep(apart), rows);
        }).ToList();
        Records = new MappedRecords(source.Count, fields, Keep(MemoryMarshal.AsBytes(offsets.AsSpan())), Keep(MemoryMarshal.AsBytes(lengths.AsSpan())));
        Table = RecordTable.Over(source.Side, Records);
    }

    public MappedRecords Records { get; }

    public RecordTable Table { get; }

    /// <summary>The first items, of records without ragged fields.</summary>
    public MappedRecords Take(long items) => Records with { Count = items, Fields = [.. Records.Fields.Select(field => (field.Field, field.Address, items))] };

    public void Dispose()
    {
        Table.Dispose();
        _blocks.ForEach(block => block.Dispose());
    }

    private nint Keep(ReadOnlySpan<byte> content)
    {
        var block = new NativeMemoryBlock(content);
        _blocks.Add(block);
        return block.Address;
    }
}
