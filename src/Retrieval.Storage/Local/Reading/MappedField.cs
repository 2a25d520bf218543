using Retrieval.Domain.Bundles;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// All committed rows of one field as one contiguous tensor in mapped memory, <c>[Rows, …RowShape]</c>. It may exceed 2 GiB, so
/// it is a pointer instead of a span. Valid until its <see cref="LocalIndex"/> is disposed.
/// </summary>
public sealed unsafe class MappedField
{
    private readonly MappedFile _file;

    internal MappedField(FieldSpec spec, MappedFile file)
    {
        Spec = spec;
        _file = file;
    }

    /// <summary>Name, element type and row shape.</summary>
    public FieldSpec Spec { get; }

    /// <summary>Rows: slots of a fixed field, words of a ragged one, tombstoned ones included.</summary>
    public long Rows => _file.Rows;

    /// <summary>Size in bytes.</summary>
    public long Bytes => _file.Bytes;

    /// <summary>Address of the first row, aligned to a page. Never zero, and not to be read if <see cref="Rows"/> is 0.</summary>
    public nint Address => (nint)_file.Pointer;

    /// <summary>Shape of the tensor: <see cref="Rows"/>, then the row's dimensions.</summary>
    public long[] Shape => [Rows, .. Spec.RowShape.Select(size => (long)size)];

    /// <summary>Bytes of one row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Rows);
        return _file.Row(row);
    }
}
