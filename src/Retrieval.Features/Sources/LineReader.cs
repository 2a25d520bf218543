using System.Buffers;
using Retrieval.Features.Files;

namespace Retrieval.Features.Sources;

/// <summary>Reads a file line by line as bytes. Never holds more than the longest allowed line.</summary>
internal sealed class LineReader : IDisposable
{
    private const byte LineFeed = (byte)'\n';

    private readonly Stream _stream;
    private readonly int _maxLineBytes;
    private byte[] _buffer;
    private int _lineStart;
    private int _lineEnd;
    private int _next;
    private int _filled;
    private long _bufferOffset;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxLineBytes">Longer lines are skipped and reported by <see cref="IsTooLong"/>.</param>
    /// <param name="offset">Where the first line begins, in bytes.</param>
    /// <param name="maxBytes">Refuses to read more of the text.</param>
    public LineReader(string path, int maxLineBytes, long offset = 0, long maxBytes = long.MaxValue)
    {
        _maxLineBytes = maxLineBytes;
        _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        _stream = InputFile.OpenText(path, offset, maxBytes);
        _bufferOffset = offset;
        SkipByteOrderMark();
    }

    /// <summary>The current line without its line break; valid until the next is read. Empty if it is too long.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_lineStart, _lineEnd - _lineStart);

    /// <summary>Whether the current line is longer than allowed.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Where the current line begins, in bytes from the start of the file.</summary>
    public long LineOffset { get; private set; }

    /// <summary>Whether a line has nothing but spaces and the carriage return of its line break.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept((byte)' ', (byte)'\r') < 0;

    /// <summary>Moves to the next line.</summary>
    /// <returns>False at the end of the file.</returns>
    public bool TryReadLine()
    {
        IsTooLong = false;
        LineOffset = _bufferOffset + _next;
        var searched = 0;
        while (true)
        {
            var end = _buffer.AsSpan(_next + searched, _filled - _next - searched).IndexOf(LineFeed);
            if (end >= 0)
            {
                SetLine(_next, _next + searched + end);
                _next = _lineEnd + 1;
                return true;
            }

            searched = _filled - _next;
            if (searched > _maxLineBytes)
            {
                IsTooLong = true;
                _bufferOffset += _filled;
                _next = _filled = searched = 0;
            }

            if (!Fill())
            {
                var any = _filled > _next || IsTooLong;
                SetLine(_next, _filled);
                _next = _filled;
                return any;
            }
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void SetLine(int start, int end)
    {
        IsTooLong |= end - start > _maxLineBytes;
        _lineStart = start;
        _lineEnd = end;
        if (IsTooLong)
        {
            _lineStart = end;
        }
    }

    // Moves the rest of the buffer to its front and reads more data after it.
    private bool Fill()
    {
        if (_next > 0)
        {
            _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
            _bufferOffset += _next;
            _filled -= _next;
            _next = 0;
        }

        if (_filled == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var read = _stream.Read(_buffer.AsSpan(_filled));
        _filled += read;
        return read > 0;
    }

    private void SkipByteOrderMark()
    {
        if (_bufferOffset != 0)
        {
            return;
        }

        while (_filled < 3 && Fill())
        {
        }

        if (_buffer.AsSpan(0, _filled).StartsWith("\uFEFF"u8))
        {
            _next = 3;
        }
    }
}
