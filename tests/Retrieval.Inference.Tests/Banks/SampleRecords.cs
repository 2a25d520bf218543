using System.Runtime.InteropServices;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Banks;

/// <summary>Records with random bytes as an index maps them, of which each generation has the first so many.</summary>
internal sealed class SampleRecords : IDisposable
{
    private readonly List<NativeMemoryBlock> _blocks = [];
    private readonly List<(FieldSpec Field, NativeMemoryBlock Block)> _fields = [];
    private readonly NativeMemoryBlock _offsets;
    private readonly NativeMemoryBlock _lengths;
    private readonly long[] _ends;

    public SampleRecords(RecordSide side, int items, int seed)
    {
        Side = side;
        var random = new Random(seed);
        var lengths = Enumerable.Range(0, items).Select(_ => random.NextInt64(1, 6)).ToArray();
        _ends = new long[items + 1];
        for (var i = 0; i < items; i++)
        {
            _ends[i + 1] = _ends[i] + lengths[i];
        }

        FieldSpec[] fields = side == RecordSide.Image
            ? [new("v", ElementType.Float32, [3, 4], false), new("g", ElementType.Float16, [5], false)]
            : [new("w", ElementType.Float32, [6], true), new("e", ElementType.Float16, [3], false), new("c", ElementType.Float16, [2], true)];
        foreach (var field in fields)
        {
            var content = new byte[(field.Ragged ? _ends[items] : items) * field.RowBytes];
            random.NextBytes(content);
            _fields.Add((field, Keep(content)));
        }

        _offsets = Keep(MemoryMarshal.AsBytes(_ends.AsSpan(0, items)));
        _lengths = Keep(MemoryMarshal.AsBytes(lengths.AsSpan()));
    }

    public RecordSide Side { get; }

    public long Bytes(int items) => Take(items).Fields.Sum(field => field.Rows * field.Field.RowBytes) + (Side == RecordSide.Caption ? 16L * items : 0);

    public MappedRecords Take(int items) =>
        new(items, [.. _fields.Select(field => (field.Field, field.Block.Address, field.Field.Ragged ? _ends[items] : items))], _offsets.Address, _lengths.Address);

    public FeatureBank Open(MemoryBudget? budget, int items, FeatureBank? former = null, Action<BankProgress>? progress = null) => Open(budget, Side, Take(items), former, progress);

    public static FeatureBank Open(MemoryBudget? budget, RecordSide side, MappedRecords records, FeatureBank? former = null, Action<BankProgress>? progress = null, long keepFree = 0) =>
        FeatureBank.Open(budget, side, records, former, keepFree, progress is null ? null : new Told<BankProgress>(progress), TestContext.Current.CancellationToken);

    /// <summary>Every tensor of the bank has the shape and the bytes that its records have.</summary>
    public unsafe void Holds(FeatureBank bank, int items)
    {
        var prefix = RecordTable.Prefix(Side);
        Assert.Equal(items, bank.Rows);
        Assert.Equal(items, bank.Records.Count);
        Assert.Equal(Bytes(items), bank.Bytes);
        foreach (var (field, block) in _fields)
        {
            var rows = field.Ragged ? _ends[items] : items;
            Same(new ReadOnlySpan<byte>((void*)block.Address, checked((int)(rows * field.RowBytes))), prefix + field.Name, [rows, .. field.RowShape]);
        }

        if (Side == RecordSide.Caption)
        {
            Same(new ReadOnlySpan<byte>((void*)_offsets.Address, items * sizeof(long)), prefix + RecordTable.Offset, [items]);
            Same(new ReadOnlySpan<byte>((void*)_lengths.Address, items * sizeof(long)), prefix + RecordTable.Length, [items]);
        }

        void Same(ReadOnlySpan<byte> expected, string name, long[] shape)
        {
            var tensor = bank.Records.Tensors[name];
            Assert.Equal(shape, tensor.GetTensorTypeAndShape().Shape);
            Assert.True(expected.SequenceEqual(tensor.GetTensorMutableRawData()), $"{name} of {items} items");
        }
    }

    /// <summary>Where a field's tensor lies.</summary>
    public static unsafe nint Address(FeatureBank bank, string tensor) =>
        (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(bank.Records.Tensors[tensor].GetTensorMutableRawData()));

    public void Dispose() => _blocks.ForEach(block => block.Dispose());

    private NativeMemoryBlock Keep(ReadOnlySpan<byte> content)
    {
        var block = new NativeMemoryBlock(content);
        _blocks.Add(block);
        return block;
    }
}
