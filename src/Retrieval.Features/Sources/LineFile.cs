using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Features.Sources;

/// <summary>
/// A text file of UTF-8 lines. It is checked completely when opened and can then be read from any line. Memory grows with the
/// file only by 8 bytes per 1,024 lines.
/// </summary>
internal sealed class LineFile
{
    private const int LinesPerMark = 1024;
    private const int MaxLineBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<long> _marks = [];

    private LineFile(string path) => Path = path;

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Number of lines. A line break at the very end does not begin another line.</summary>
    public long Count { get; private set; }

    /// <summary>Reads the file once to count and check its lines.</summary>
    /// <param name="path">The file, compressed by gzip or not.</param>
    /// <param name="maxBytes">Refuses a longer text, for one that is held in memory: compressed data do not say how long they are.</param>
    /// <exception cref="InvalidInputException">A line is not UTF-8, or longer than 1 MiB, or the text is too long.</exception>
    public static LineFile Open(string path, long maxBytes = long.MaxValue)
    {
        var file = new LineFile(path);
        using var reader = new LineReader(path, MaxLineBytes, maxBytes: maxBytes);
        while (reader.TryReadLine())
        {
            if (file.Count % LinesPerMark == 0)
            {
                file._marks.Add(reader.LineOffset);
            }

            file.Count++;
            _ = file.Decode(reader, file.Count);
        }

        return file;
    }

    /// <summary>Reads lines in order.</summary>
    /// <param name="line">The first line, from 0.</param>
    /// <param name="trim">Whether white space at both ends is removed.</param>
    /// <exception cref="InvalidInputException">As <see cref="Open"/>: the file has changed since then.</exception>
    public IEnumerable<string> ReadFrom(long line, bool trim = true)
    {
        if (line >= Count)
        {
            yield break;
        }

        using var reader = new LineReader(Path, MaxLineBytes, _marks[(int)(line / LinesPerMark)]);
        for (var number = line - (line % LinesPerMark); number < Count && reader.TryReadLine(); number++)
        {
            if (number >= line)
            {
                var text = Decode(reader, number + 1);
                yield return trim ? text.Trim() : text;
            }
        }
    }

    private string Decode(LineReader reader, long lineNumber)
    {
        if (reader.IsTooLong)
        {
            throw new InvalidInputException($"a line of more than {MaxLineBytes} bytes", Name, lineNumber);
        }

        try
        {
            return StrictUtf8.GetString(reader.Line);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidInputException($"not UTF-8: byte 0x{e.BytesUnknown?[0]:X2} at byte {e.Index} of the line", Name, lineNumber, innerException: e);
        }
    }
}
