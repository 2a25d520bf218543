using Retrieval.Domain.Errors;

namespace Retrieval.Features.Sources;

/// <summary>
/// A text file of UTF-8 lines. Its lines are counted when it is opened, and it can then be read from any line. A line that is not
/// UTF-8 or too long is a line with a fault. Memory grows with the file only by 8 bytes per 1,024 lines.
/// </summary>
internal sealed class LineFile
{
    private const int LinesPerMark = 1024;

    private readonly List<long> _marks = [];

    private LineFile(string path) => Path = path;

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Number of lines. A line break at the very end does not begin another line.</summary>
    public long Count { get; private set; }

    /// <summary>Reads the file once to count its lines.</summary>
    /// <param name="path">The file, compressed by gzip or not.</param>
    /// <exception cref="InvalidInputException">The file is missing or empty, or its gzip data are damaged.</exception>
    public static LineFile Open(string path)
    {
        var file = new LineFile(path);
        using var reader = new LineReader(path, TextLine.MaxBytes);
        while (reader.TryReadLine())
        {
            if (file.Count % LinesPerMark == 0)
            {
                file._marks.Add(reader.LineOffset);
            }

            file.Count++;
        }

        return file;
    }

    /// <summary>Reads lines in order, without white space at both ends.</summary>
    /// <param name="line">The first line, from 0.</param>
    /// <exception cref="InvalidInputException">As <see cref="Open"/>: the file has changed since then.</exception>
    public IEnumerable<TextLine> ReadFrom(long line)
    {
        if (line >= Count)
        {
            yield break;
        }

        using var reader = new LineReader(Path, TextLine.MaxBytes, _marks[(int)(line / LinesPerMark)]);
        for (var number = line - (line % LinesPerMark); number < Count && reader.TryReadLine(); number++)
        {
            if (number >= line)
            {
                var text = TextLine.Of(reader);
                yield return text with { Text = text.Text.Trim() };
            }
        }
    }
}
