using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Files;

/// <summary>
/// The checksums of all sealed ranges, in a file of their own that grows with the commits: were they in the manifest,
/// each commit would write those of all commits before it again. The manifest holds the hash of this file.
/// </summary>
internal sealed class SealLog : IDisposable
{
    public const string FileName = "seals.bin";

    private readonly SafeFileHandle _handle;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private SealLog(SafeFileHandle handle) => _handle = handle;

    public long Count { get; private set; }

    public SealState State => new(Count, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    public static SealLog Create(string folder) =>
        new(File.OpenHandle(Path.Combine(folder, FileName), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    /// <exception cref="IndexCorruptException">The file is missing, too short, or not the one the manifest speaks of.</exception>
    public static SealLog Open(string folder, SealState committed)
    {
        var bytes = ReadBytes(folder, committed);
        var log = new SealLog(File.OpenHandle(Path.Combine(folder, FileName), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        RandomAccess.SetLength(log._handle, bytes.Length);
        log._hash.AppendData(bytes);
        log.Count = committed.Count;
        return log;
    }

    /// <inheritdoc cref="Open"/>
    public static IReadOnlyList<Seal> Read(string folder, SealState committed)
    {
        var bytes = ReadBytes(folder, committed);
        var seals = new Seal[committed.Count];
        for (var i = 0; i < seals.Length; i++)
        {
            seals[i] = Seal.Read(bytes.AsSpan(i * Seal.Bytes));
        }

        return seals;
    }

    public void Append(IReadOnlyList<Seal> seals)
    {
        var bytes = new byte[seals.Count * Seal.Bytes];
        for (var i = 0; i < seals.Count; i++)
        {
            seals[i].Write(bytes.AsSpan(i * Seal.Bytes));
        }

        RandomAccess.Write(_handle, bytes, Count * Seal.Bytes);
        _hash.AppendData(bytes);
        Count += seals.Count;
    }

    public void Sync() => RandomAccess.FlushToDisk(_handle);

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
    }

    private static byte[] ReadBytes(string folder, SealState committed)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new IndexCorruptException(folder, FileName, "the file is missing");
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[checked((int)(committed.Count * Seal.Bytes))];
        if (stream.Length < bytes.Length)
        {
            throw new IndexCorruptException(folder, FileName, $"the file has {stream.Length} bytes, the manifest says {bytes.Length}");
        }

        stream.ReadExactly(bytes);
        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == committed.Sha256
            ? bytes
            : throw new IndexCorruptException(folder, FileName, $"its SHA-256 is {found}, the manifest says {committed.Sha256}");
    }
}
