using System.IO.Compression;

namespace Retrieval.Features.Files;

/// <summary>
/// What a gzip file unpacks to, members one after another. <see cref="GZipStream"/> takes a file that was cut for one that ended.
/// So a short member of our own is read behind the file's: if it does not come out as the last bytes, the file is not whole.
/// </summary>
internal sealed class GzipText : ForwardStream
{
    private const int BufferBytes = 1 << 16;

    private static readonly byte[] EndMark = "the end of a whole file"u8.ToArray();
    private static readonly byte[] EndMember = Pack(EndMark);

    private readonly FileAndEnd _packed;
    private readonly GZipStream _unpacked;
    private readonly byte[] _buffer = new byte[BufferBytes + 64];
    private int _start;
    private int _end;

    /// <summary>Reads a file from where it stands; closes it in the end.</summary>
    public GzipText(Stream file)
    {
        _packed = new FileAndEnd(file);
        _unpacked = new GZipStream(_packed, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The data are damaged or end early; says where in the file.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_end - _start <= EndMark.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = Unpack();
            if (read == 0)
            {
                return _buffer.AsSpan(_start, _end - _start).SequenceEqual(EndMark) ? 0 : throw NotWhole(null);
            }

            _end += read;
        }

        // What may be the mark is kept back until more comes.
        var given = Math.Min(buffer.Length, _end - _start - EndMark.Length);
        _buffer.AsSpan(_start, given).CopyTo(buffer);
        _start += given;
        return given;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _unpacked.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Unpack()
    {
        try
        {
            return _unpacked.Read(_buffer.AsSpan(_end));
        }
        catch (InvalidDataException e)
        {
            throw NotWhole(e);
        }
    }

    private InvalidDataException NotWhole(InvalidDataException? inner) =>
        new($"before byte {_packed.BytesRead} of the file", inner);

    private static byte[] Pack(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    private sealed class FileAndEnd(Stream file) : ForwardStream
    {
        private readonly MemoryStream _end = new(EndMember, writable: false);

        /// <summary>Bytes of the file so far, without the member behind it.</summary>
        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer);
            BytesRead += read;
            return read > 0 ? read : _end.Read(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
                _end.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
