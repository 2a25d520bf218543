using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Terminal.Input;

/// <summary>
/// Lines of UTF-8 text from a stream. Only <c>\n</c> and <c>\r\n</c> end a line: U+2028, a form feed or a lone <c>\r</c> are part
/// of the text, as in Python when it reads a caption file line by line.
/// </summary>
public sealed class Utf8Lines(Stream stream, string name)
{
    private const int LongestLine = 64 << 20;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Number of lines returned so far, which is the number of the last returned line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Reads more of the stream. False when it has ended and every line was returned.</summary>
    public async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_ended)
        {
            return _start < _end;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= LongestLine)
            {
                throw new InvalidInputException($"a line of more than {LongestLine} bytes", name, Number + 1);
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        // Standard input ignores the token while it waits for input.
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        _ended = read == 0;
        _end += read;
        return _start < _end || !_ended;
    }

    /// <summary>The next complete line that has been read, without its line break.</summary>
    /// <exception cref="InvalidInputException">The line is not UTF-8.</exception>
    public bool TryRead(out string line)
    {
        var rest = _buffer.AsSpan(_start, _end - _start);
        var length = rest.IndexOf((byte)'\n');
        if (length < 0 && (!_ended || rest.IsEmpty))
        {
            line = "";
            return false;
        }

        _start = length < 0 ? _end : _start + length + 1;
        Number++;
        line = Decode(length < 0 ? rest : WithoutReturn(rest[..length]));
        return true;
    }

    private static ReadOnlySpan<byte> WithoutReturn(ReadOnlySpan<byte> line) => line.EndsWith("\r"u8) ? line[..^1] : line;

    private string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Number == 1 && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidInputException($"not UTF-8: byte 0x{exception.BytesUnknown?[0]:X2} at byte {exception.Index} of the line", name, Number, innerException: exception);
        }
    }
}
