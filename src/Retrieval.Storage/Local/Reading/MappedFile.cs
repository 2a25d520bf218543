using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading.Guard;

namespace Retrieval.Storage.Local.Reading;

/// <summary>The committed bytes of one file, mapped read-only as one block of memory.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    // An empty file cannot be mapped, and a tensor of no rows still needs an address.
    private static readonly nint Nothing = (nint)NativeMemory.AlignedAlloc(64, 64);

    private readonly string _folder;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly int _guard = -1;
    private volatile bool _damaged;

    private MappedFile(string folder, IndexFile spec, SafeFileHandle handle, long bytes)
    {
        _folder = folder;
        Spec = spec;
        Handle = handle;
        Bytes = bytes;
        if (bytes == 0)
        {
            Pointer = (byte*)Nothing;
            return;
        }

        _map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _map.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            Pointer = pointer + _view.PointerOffset;
            _guard = MappingGuard.Register(Pointer, bytes);
        }
        catch
        {
            _view?.Dispose();
            _map.Dispose();
            throw;
        }
    }

    public IndexFile Spec { get; }

    public SafeFileHandle Handle { get; }

    public long Bytes { get; }

    public long Rows => Bytes / Spec.RowBytes;

    public byte* Pointer { get; }

    /// <summary>
    /// Whether committed bytes are gone or could not be read: what has been read since may have been zeros. Stays true even when
    /// the file is whole again, because the map may not be.
    /// </summary>
    /// <param name="look">Whether to check the file's length as well. After a truncation, the rest of its last page reads as
    /// zeros without a fault.</param>
    public bool IsDamaged(bool look)
    {
        if (!_damaged && (MappingGuard.IsDamaged(_guard) || (look && RandomAccess.GetLength(Handle) < Bytes)))
        {
            _damaged = true;
        }

        return _damaged;
    }

    /// <exception cref="IndexCorruptException">The file is missing or shorter than <paramref name="committedBytes"/>.</exception>
    public static MappedFile Open(string folder, IndexFile spec, long committedBytes)
    {
        var handle = AppendFile.OpenExisting(folder, spec, FileAccess.Read);
        try
        {
            AppendFile.RequireLength(folder, spec, handle, committedBytes);
            return new MappedFile(folder, spec, handle, committedBytes);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Bytes <c>[from, from + length)</c>.</summary>
    /// <exception cref="IndexCorruptException">They are not all in the file: the reference to them is damaged.</exception>
    public ReadOnlySpan<byte> Span(long from, long length) =>
        from >= 0 && length >= 0 && length <= int.MaxValue && from <= Bytes - length
            ? new ReadOnlySpan<byte>(Pointer + from, (int)length)
            : throw new IndexCorruptException(_folder, Spec.Path, $"bytes {from} to {from + length} were asked for, the file has {Bytes}");

    public ReadOnlySpan<byte> Row(long row) => Span(row * Spec.RowBytes, Spec.RowBytes);

    public long Number(long row) => MemoryMarshal.Read<long>(Span(row * sizeof(long), sizeof(long)));

    public void Dispose()
    {
        MappingGuard.Release(_guard);
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _map?.Dispose();
        Handle.Dispose();
    }
}
