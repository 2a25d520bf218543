using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// The ragged rows that each item owns: a copy in memory, 16 bytes per item. The scorer's graph follows it by address and checks
/// nothing. So the graph must follow exactly what was checked when the index was opened, whatever happens to the files meanwhile.
/// </summary>
public sealed unsafe class RaggedExtents
{
    private readonly Table _table;

    private RaggedExtents(Table table, long items) => (_table, Items) = (table, items);

    /// <summary>Items.</summary>
    public long Items { get; }

    /// <summary>First ragged row of each item, int64 <c>[Items]</c>.</summary>
    public ReadOnlySpan<long> Offsets => _table.Offsets.AsSpan(0, (int)Items);

    /// <summary>Ragged rows of each item, int64 <c>[Items]</c>.</summary>
    public ReadOnlySpan<long> Lengths => _table.Lengths.AsSpan(0, (int)Items);

    /// <summary>Address of <see cref="Offsets"/>; fixed for the lifetime of this object.</summary>
    public nint OffsetsAddress => Address(_table.Offsets);

    /// <summary>Address of <see cref="Lengths"/>; fixed for the lifetime of this object.</summary>
    public nint LengthsAddress => Address(_table.Lengths);

    /// <summary>Copies the extents, and requires that the items own the rows one after the other, each row once.</summary>
    /// <param name="index">The index that is being opened.</param>
    /// <param name="files">Images or captions.</param>
    /// <param name="rows">Ragged rows.</param>
    /// <param name="former">Extents of an earlier generation of the same slots, which are not read again; null for none.</param>
    /// <param name="knownRows">Ragged rows of that generation.</param>
    /// <returns>Null if no field is ragged.</returns>
    /// <exception cref="IndexCorruptException">An item's rows do not follow the previous item's, or not all rows have an owner.</exception>
    internal static RaggedExtents? Read(LocalIndex index, CollectionFiles files, long rows, RaggedExtents? former, long knownRows)
    {
        if (files.Offset is null || files.Length is null)
        {
            return null;
        }

        var items = index.Map(files.Offset).Rows;
        var known = former?.Items ?? 0;
        var table = Table.For(former?._table, known, items);
        var (offsets, lengths) = (table.Offsets, table.Lengths);
        new ReadOnlySpan<long>((long*)index.Map(files.Offset).Pointer + known, (int)(items - known)).CopyTo(offsets.AsSpan((int)known));
        new ReadOnlySpan<long>((long*)index.Map(files.Length).Pointer + known, (int)(items - known)).CopyTo(lengths.AsSpan((int)known));
        var next = former is null ? 0 : knownRows;
        for (var item = known; item < items; item++)
        {
            // One comparison for both bounds: a negative length is a very large one.
            if (offsets[item] != next || (ulong)lengths[item] > (ulong)(rows - next))
            {
                throw new IndexCorruptException(
                    index.DataFolder, offsets[item] != next ? files.Offset.Path : files.Length.Path, $"item {item} is said to own {lengths[item]} rows from {offsets[item]}; expected to begin at {next}, of {rows}");
            }

            next += lengths[item];
        }

        return next == rows
            ? new RaggedExtents(table, items)
            : throw new IndexCorruptException(index.DataFolder, files.Length.Path, $"the items own {next} ragged rows, there are {rows}");
    }

    private static nint Address(long[] pinned) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));

    // Shared between generations, since items are only appended. Each generation reads its own items, and only one may append after them.
    private sealed class Table(long capacity)
    {
        private long _used;

        public long[] Offsets { get; } = GC.AllocateUninitializedArray<long>((int)capacity, pinned: true);

        public long[] Lengths { get; } = GC.AllocateUninitializedArray<long>((int)capacity, pinned: true);

        public static Table For(Table? former, long known, long items)
        {
            if (former is not null && items <= former.Offsets.Length && Interlocked.CompareExchange(ref former._used, items, known) == known)
            {
                return former;
            }

            var table = new Table(Math.Clamp(items + (known == 0 ? 0 : items / 4), 1, int.MaxValue)) { _used = items };
            former?.Offsets.AsSpan(0, (int)known).CopyTo(table.Offsets);
            former?.Lengths.AsSpan(0, (int)known).CopyTo(table.Lengths);
            return table;
        }
    }
}
