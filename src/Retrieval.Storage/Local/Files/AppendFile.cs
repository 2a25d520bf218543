using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local.Files;

/// <summary>
/// One append-only file. Small writes are gathered into large ones. The bytes are hashed as they pass, so that sealing a range
/// reads nothing back.
/// </summary>
internal sealed class AppendFile : IDisposable
{
    /// <summary>Maximum size of a range, so that a damaged byte is located to within 64 MiB and a check runs in parallel.</summary>
    private const long LargestRange = 64L << 20;

    private const int BufferBytes = 256 << 10;

    private readonly SafeFileHandle _handle;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<Seal> _closed = [];
    private byte[] _buffer = [];
    private int _buffered;
    private long _rangeFrom;
    private long _syncedBytes;

    private AppendFile(IndexFile spec, SafeFileHandle handle, long bytes)
    {
        Spec = spec;
        _handle = handle;
        Bytes = _rangeFrom = _syncedBytes = bytes;
    }

    public IndexFile Spec { get; }

    /// <summary>Bytes appended so far, written out or not.</summary>
    public long Bytes { get; private set; }

    public long Rows => Bytes / Spec.RowBytes;

    /// <summary>Creates the file, or empties what an uncommitted run left in it.</summary>
    public static AppendFile Create(string folder, IndexFile spec) =>
        new(spec, File.OpenHandle(Path.Combine(folder, spec.Path), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete), 0);

    /// <summary>Opens the file at its committed length and drops the bytes after it.</summary>
    /// <exception cref="IndexCorruptException">The file is shorter than its committed length.</exception>
    public static AppendFile Open(string folder, IndexFile spec, long committedBytes)
    {
        var handle = OpenExisting(folder, spec, FileAccess.ReadWrite);
        try
        {
            RequireLength(folder, spec, handle, committedBytes);
            RandomAccess.SetLength(handle, committedBytes);
            return new AppendFile(spec, handle, committedBytes);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public static SafeFileHandle OpenExisting(string folder, IndexFile spec, FileAccess access)
    {
        try
        {
            return File.OpenHandle(Path.Combine(folder, spec.Path), FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IndexCorruptException(folder, spec.Path, "the file is missing", e);
        }
    }

    public static void RequireLength(string folder, IndexFile spec, SafeFileHandle handle, long committedBytes)
    {
        var found = RandomAccess.GetLength(handle);
        if (found < committedBytes)
        {
            throw new IndexCorruptException(folder, spec.Path, $"the file has {found} bytes, the manifest says {committedBytes}");
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var take = (int)Math.Min(bytes.Length, LargestRange - (Bytes - _rangeFrom));
            Write(bytes[..take]);
            _hash.AppendData(bytes[..take]);
            Bytes += take;
            bytes = bytes[take..];
            if (Bytes - _rangeFrom == LargestRange)
            {
                CloseRange();
            }
        }
    }

    public void Append(long value)
    {
        // Files are little-endian, and so is every machine on which .NET runs ONNX Runtime.
        Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));
    }

    public void AppendInt32(int value) => Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));

    /// <summary>Reads bytes that were appended, written out or not.</summary>
    public void Read(long from, Span<byte> target)
    {
        if (from + target.Length > Bytes - _buffered)
        {
            Flush();
        }

        for (var done = 0; done < target.Length;)
        {
            var read = RandomAccess.Read(_handle, target[done..], from + done);
            if (read == 0)
            {
                throw new EndOfStreamException($"{Spec.Path} ended at byte {from + done}");
            }

            done += read;
        }
    }

    /// <summary>Closes the open range and adds the ranges closed since the last call.</summary>
    public void TakeSeals(List<Seal> seals)
    {
        if (Bytes > _rangeFrom)
        {
            CloseRange();
        }

        seals.AddRange(_closed);
        _closed.Clear();
    }

    /// <summary>Returns once everything appended would survive a power cut.</summary>
    public void Sync()
    {
        Flush();
        if (_syncedBytes != Bytes)
        {
            RandomAccess.FlushToDisk(_handle);
            _syncedBytes = Bytes;
        }
    }

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_buffered + bytes.Length > BufferBytes)
        {
            Flush();
        }

        if (bytes.Length >= BufferBytes)
        {
            DiskFile.Write(_handle, bytes, Bytes);
            return;
        }

        if (_buffer.Length == 0)
        {
            _buffer = new byte[BufferBytes];
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    private void Flush()
    {
        if (_buffered > 0)
        {
            DiskFile.Write(_handle, _buffer.AsSpan(0, _buffered), Bytes - _buffered);
            _buffered = 0;
        }
    }

    private void CloseRange()
    {
        _closed.Add(new Seal(Spec.Ordinal, _rangeFrom, Bytes, _hash.GetHashAndReset()));
        _rangeFrom = Bytes;
    }
}
