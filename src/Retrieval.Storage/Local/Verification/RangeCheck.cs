using System.Security.Cryptography;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>
/// Compares one sealed range with its checksum, block by block. It uses reads and not the memory map, so that a bad sector is an
/// error that can be reported.
/// </summary>
internal sealed class RangeCheck : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly LocalIndex _index;
    private readonly IndexFile _file;
    private readonly Seal _seal;
    private long _at;
    private string? _unreadable;

    public RangeCheck(LocalIndex index, Seal seal)
    {
        (_index, _seal, _at) = (index, seal, seal.From);
        _file = index.Layout.Files[seal.File];
    }

    /// <summary>Reads the next block.</summary>
    /// <param name="buffer">Destination; its length is the maximum read.</param>
    /// <returns>Bytes read; 0 at the end of the range, or if it cannot be read.</returns>
    public int Step(Span<byte> buffer)
    {
        if (_at == _seal.To || _unreadable is not null)
        {
            return 0;
        }

        try
        {
            var read = RandomAccess.Read(_index.Map(_file).Handle, buffer[..(int)Math.Min(buffer.Length, _seal.To - _at)], _at);
            if (read == 0)
            {
                _unreadable = $"cannot be read: the file ends at byte {_at}";
                return 0;
            }

            _hash.AppendData(buffer[..read]);
            _at += read;
            return read;
        }
        catch (IOException e)
        {
            _unreadable = $"cannot be read: {e.Message}";
            return 0;
        }
    }

    /// <summary>After <see cref="Step"/> has returned 0: what is wrong with the range; null if nothing is.</summary>
    public IndexFault? End()
    {
        if (_unreadable is not null)
        {
            return Fault(_unreadable);
        }

        var found = _hash.GetHashAndReset();
        return found.AsSpan().SequenceEqual(_seal.Sha256.Span)
            ? null
            : Fault($"SHA-256 is {Convert.ToHexStringLower(found)}, sealed as {Convert.ToHexStringLower(_seal.Sha256.Span)}");
    }

    public void Dispose() => _hash.Dispose();

    private IndexFault Fault(string reason) =>
        new(_file.Path, _seal.From, _seal.To, _seal.From / _file.RowBytes, (_seal.To - 1) / _file.RowBytes, reason);
}
