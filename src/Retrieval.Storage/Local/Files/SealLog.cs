using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local.Files;

/// <summary>
/// The checksums of all sealed ranges, in a separate file that grows with the commits. In the manifest, each commit would have to
/// write those of all earlier commits again. The manifest holds the hash of this file.
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

    /// <exception cref="IndexCorruptException">The file is missing, too short, or not the one the manifest refers to.</exception>
    public static SealLog Open(string folder, SealState committed)
    {
        var handle = OpenExisting(folder, FileAccess.ReadWrite);
        try
        {
            var bytes = ReadBytes(folder, handle, committed);
            RandomAccess.SetLength(handle, bytes.Length);
            var log = new SealLog(handle) { Count = committed.Count };
            log._hash.AppendData(bytes);
            return log;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Open"/>
    public static IReadOnlyList<Seal> Read(string folder, SafeFileHandle handle, SealState committed)
    {
        var bytes = ReadBytes(folder, handle, committed);
        var seals = new Seal[committed.Count];
        for (var i = 0; i < seals.Length; i++)
        {
            seals[i] = Seal.Read(bytes.AsSpan(i * Seal.Bytes));
        }

        return seals;
    }

    /// <summary>Every complete record of the list, committed or not; empty if there is none.</summary>
    public static IReadOnlyList<Seal> ReadAll(string folder)
    {
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, FileName));
            return [.. Enumerable.Range(0, bytes.Length / Seal.Bytes).Select(i => Seal.Read(bytes.AsSpan(i * Seal.Bytes)))];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The records up to the first one that does not begin at the end of the previous range of its file.</summary>
    /// <param name="seals">Records.</param>
    /// <param name="ends">On entry, the ends of the preceding ranges by file; on return, the ends of these.</param>
    public static IEnumerable<Seal> Following(IEnumerable<Seal> seals, long[] ends)
    {
        foreach (var seal in seals)
        {
            if ((uint)seal.File >= ends.Length || seal.From != ends[seal.File] || seal.To <= seal.From)
            {
                yield break;
            }

            ends[seal.File] = seal.To;
            yield return seal;
        }
    }

    /// <summary>Whether the list begins with another list. If so, the files it covers begin with the same bytes.</summary>
    public static bool Begins(SafeFileHandle handle, SealState earlier)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 << 10];
        var bytes = earlier.Count * Seal.Bytes;
        for (long done = 0; done < bytes;)
        {
            var read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - done)), done);
            if (read == 0)
            {
                return false;
            }

            hash.AppendData(buffer, 0, read);
            done += read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == earlier.Sha256;
    }

    public void Append(IReadOnlyList<Seal> seals)
    {
        var bytes = new byte[seals.Count * Seal.Bytes];
        for (var i = 0; i < seals.Count; i++)
        {
            seals[i].Write(bytes.AsSpan(i * Seal.Bytes));
        }

        DiskFile.Write(_handle, bytes, Count * Seal.Bytes);
        _hash.AppendData(bytes);
        Count += seals.Count;
    }

    public void Sync() => RandomAccess.FlushToDisk(_handle);

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
    }

    /// <exception cref="IndexCorruptException">The file is missing.</exception>
    public static SafeFileHandle OpenExisting(string folder, FileAccess access)
    {
        try
        {
            return File.OpenHandle(Path.Combine(folder, FileName), FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IndexCorruptException(folder, FileName, "the file is missing", e);
        }
    }

    private static byte[] ReadBytes(string folder, SafeFileHandle handle, SealState committed)
    {
        var bytes = new byte[checked((int)(committed.Count * Seal.Bytes))];
        var length = RandomAccess.GetLength(handle);
        if (length < bytes.Length)
        {
            throw new IndexCorruptException(folder, FileName, $"the file has {length} bytes, the manifest says {bytes.Length}");
        }

        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(handle, bytes.AsSpan(done), done);
            done += read > 0 ? read : throw new IndexCorruptException(folder, FileName, $"the file ends at byte {done}");
        }

        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == committed.Sha256
            ? bytes
            : throw new IndexCorruptException(folder, FileName, $"its SHA-256 is {found}, the manifest says {committed.Sha256}");
    }
}
