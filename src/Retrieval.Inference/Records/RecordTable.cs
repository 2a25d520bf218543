using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Numbers;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Records;

/// <summary>
/// Records of several images or captions as the tensors that a scorer takes: <c>image.v</c> and so on. The same type serves as the
/// bank (all records of an index, over its mapped files, without copying) and as the queries (the records of one batch), because
/// both sides of the scorer contract have the same fields.
/// </summary>
public sealed class RecordTable : IDisposable
{
    internal const string Offset = "offset";
    internal const string Length = "length";

    // Address of empty tensors: the runtime needs an address even if there is nothing to read.
    private static readonly unsafe nint Nothing = (nint)NativeMemory.AllocZeroed(64);

    private readonly Dictionary<string, OrtValue> _tensors = new(StringComparer.Ordinal);

    // Kept in addition to the tensors: the runtime's own accessors cast lengths to int, and a bank may be larger than that. Also,
    // a tensor may be on a device; these addresses are of the same bytes in memory that this process can read.
    private readonly Dictionary<string, nint> _addresses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _rows = new(StringComparer.Ordinal);
    private readonly string _prefix;
    private long[]? _owned;
    private long _raggedRows;
    private bool _disposed;

    private RecordTable(RecordSide side, long count, IReadOnlyList<FieldSpec> fields)
    {
        Side = side;
        Count = count;
        Fields = fields;
        _prefix = Prefix(side);
    }

    /// <summary>Images or captions.</summary>
    public RecordSide Side { get; }

    /// <summary>Number of items.</summary>
    public long Count { get; }

    /// <summary>The fields, in the bundle's order.</summary>
    public IReadOnlyList<FieldSpec> Fields { get; }

    internal Dictionary<string, OrtValue> Tensors
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _tensors;
        }
    }

    /// <summary>Wraps mapped records without copying.</summary>
    public static RecordTable Over(RecordSide side, MappedRecords records) => Over(side, records, null);

    /// <summary>
    /// Copies all items of several tables, in order, into one table: the queries of several requests in one batch. Ragged rows are
    /// packed contiguously.
    /// </summary>
    /// <param name="parts">At least one table, all of one side and with the same fields; each below 2 GiB per field.</param>
    /// <exception cref="ArgumentException">There are no parts, or they are of different kinds.</exception>
    public static RecordTable Concat(IReadOnlyList<RecordTable> parts) => RecordConcatenation.Of(parts);

    /// <summary>
    /// The record of one item as a table of its own, a view of this table's memory: an indexed image or caption can directly be used
    /// as a query.
    /// </summary>
    /// <exception cref="InvalidDataException">The item refers to rows that do not exist.</exception>
    /// <param name="row">The item's row in this table. The view must be disposed of before this table's memory is freed.</param>
    public RecordTable Row(long row)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        var table = new RecordTable(Side, 1, Fields);
        var (start, length) = Extent(row);
        foreach (var field in Fields)
        {
            var (first, rows) = field.Ragged ? (start, length) : (row, 1);
            table.Wrap(field.Name, field.Type, field.ShapeOf(rows), AddressOf(field) + (nint)(first * field.RowBytes));
        }

        if (IsRagged)
        {
            table.OwnLengths([length]);
        }

        return table;
    }

    /// <summary>
    /// The first field of an item that contains a value that is not finite; null if all values are. Reads the whole record.
    /// </summary>
    /// <param name="row">The item's row in this table.</param>
    /// <exception cref="InvalidDataException">The item refers to rows that do not exist.</exception>
    public unsafe string? FirstNotFinite(long row)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Count, nameof(row));
        var (start, length) = Extent(row);
        foreach (var field in Fields)
        {
            var (first, rows) = field.Ragged ? (start, length) : (row, 1);
            var bytes = new ReadOnlySpan<byte>((byte*)AddressOf(field) + (first * field.RowBytes), checked((int)(rows * field.RowBytes)));
            if (field.Type switch
            {
                ElementType.Float32 => !Finite.All(MemoryMarshal.Cast<byte, float>(bytes)),
                ElementType.Float16 => !Finite.All(MemoryMarshal.Cast<byte, Half>(bytes)),
                _ => false,
            })
            {
                return field.Name;
            }
        }

        return null;
    }

    /// <summary>The bytes of one field for all items, row by row. For tables below 2 GiB, such as those of encoders.</summary>
    public unsafe ReadOnlySpan<byte> Bytes(FieldSpec field)
    {
        ArgumentNullException.ThrowIfNull(field);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new ReadOnlySpan<byte>((void*)AddressOf(field), checked((int)(_rows[_prefix + field.Name] * field.RowBytes)));
    }

    /// <summary>Same as <see cref="Bytes"/>, for callers that keep it for longer; valid until this table is disposed of.</summary>
    public ReadOnlyMemory<byte> Memory(FieldSpec field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return new NativeBytes(_addresses[_prefix + field.Name], Bytes(field).Length).Memory;
    }

    /// <summary>Number of ragged rows of each item; empty if no field is ragged.</summary>
    public unsafe ReadOnlySpan<long> Lengths
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return IsRagged ? new ReadOnlySpan<long>((void*)_addresses[_prefix + Length], checked((int)Count)) : [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        _tensors.Clear();
        _owned = null;
    }

    /// <summary>
    /// Wraps records that are in mapped memory and also copied in <paramref name="resident"/>: the runtime reads the copy, while views
    /// of single rows use the mapped memory.
    /// </summary>
    internal static RecordTable Over(RecordSide side, MappedRecords records, ResidentRecords? resident)
    {
        ArgumentNullException.ThrowIfNull(records);
        var table = new RecordTable(side, records.Count, [.. records.Fields.Select(field => field.Field)]);
        foreach (var (field, address, rows) in records.Fields)
        {
            table.Wrap(field.Name, field.Type, field.ShapeOf(rows), address, resident?.AddressOf(field.Name), resident?.Memory);
        }

        if (records.Fields.Any(field => field.Field.Ragged))
        {
            table._raggedRows = records.Fields.Where(field => field.Field.Ragged).Min(field => field.Rows);
            table.Wrap(Offset, ElementType.Int64, [records.Count], records.Offsets, resident?.AddressOf(Offset), resident?.Memory);
            table.Wrap(Length, ElementType.Int64, [records.Count], records.Lengths, resident?.AddressOf(Length), resident?.Memory);
        }

        return table;
    }

    /// <summary>Takes ownership of an encoder's output tensors, in the order of the fields.</summary>
    internal static unsafe RecordTable Owning(RecordSide side, long count, IReadOnlyList<FieldSpec> fields, IReadOnlyList<OrtValue> values, long[]? lengths)
    {
        var table = new RecordTable(side, count, fields);
        for (var i = 0; i < fields.Count; i++)
        {
            var name = table._prefix + fields[i].Name;
            table._tensors[name] = values[i];

            // Memory of the runtime's own allocator: it does not move.
            table._addresses[name] = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values[i].GetTensorMutableRawData()));
            table._rows[name] = fields[i].Ragged ? lengths!.Sum() : count;
        }

        if (lengths is not null)
        {
            table.OwnLengths(lengths);
        }

        return table;
    }

    /// <summary>Adds this side's tensors to a graph's contract.</summary>
    internal static void Declare(GraphContract contract, RecordSide side, IReadOnlyList<FieldSpec> fields)
    {
        var prefix = Prefix(side);
        foreach (var field in fields)
        {
            contract.In(prefix + field.Name, field.Type.ToRuntime(), field.ShapeOf(-1));
        }

        if (fields.Any(field => field.Ragged))
        {
            contract.In(prefix + Offset, TensorElementType.Int64, -1).In(prefix + Length, TensorElementType.Int64, -1);
        }
    }

    internal static string Prefix(RecordSide side) => side == RecordSide.Image ? "image." : "caption.";

    private nint AddressOf(FieldSpec field) => _addresses[_prefix + field.Name];

    private bool IsRagged => _tensors.ContainsKey(_prefix + Offset);

    /// <summary>The ragged rows of an item, or the item's own row if no field is ragged.</summary>
    internal unsafe (long Start, long Length) Extent(long row)
    {
        if (!IsRagged)
        {
            return (row, 1);
        }

        var start = ((long*)_addresses[_prefix + Offset])[row];
        var length = ((long*)_addresses[_prefix + Length])[row];
        return start >= 0 && length >= 0 && start <= _raggedRows - length
            ? (start, length)
            : throw new InvalidDataException($"item {row} is said to own {length} rows from {start}; there are {_raggedRows}");
    }

    private unsafe void OwnLengths(long[] lengths)
    {
        // Pinned permanently: views of this table and the runtime both keep its address.
        var pinned = GC.AllocateUninitializedArray<long>(lengths.Length * 2, pinned: true);
        long offset = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            pinned[i] = offset;
            pinned[lengths.Length + i] = lengths[i];
            offset += lengths[i];
        }

        _owned = pinned;
        _raggedRows = offset;
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        Wrap(Offset, ElementType.Int64, [lengths.Length], address);
        Wrap(Length, ElementType.Int64, [lengths.Length], address + (lengths.Length * sizeof(long)));
    }

    private void Wrap(string name, ElementType type, long[] shape, nint address, nint? resident = null, OrtMemoryInfo? memory = null)
    {
        var bytes = shape.Aggregate(1L, (product, size) => checked(product * size)) * type.SizeInBytes();
        address = bytes == 0 ? Nothing : address;
        var (tensor, where) = bytes == 0 ? (Nothing, null) : (resident ?? address, memory);
        _tensors[_prefix + name] = OrtValue.CreateTensorValueWithData(where ?? OrtMemoryInfo.DefaultInstance, type.ToRuntime(), shape, tensor, bytes);
        _addresses[_prefix + name] = address;
        _rows[_prefix + name] = shape[0];
    }
}
