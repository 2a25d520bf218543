using Retrieval.Features.Sources;

namespace Retrieval.Features.Captions;

/// <summary>Reads the lines of a caption file, and looks ahead where a record may go on in the next line.</summary>
internal sealed class CaptionLineReader(string path) : IDisposable
{
    private readonly LineReader _lines = new(path, TextLine.MaxBytes, maxBytes: CaptionFile.MaxBytes);
    private readonly List<TextLine> _ahead = [];
    private long _number;

    /// <summary>Takes the next line.</summary>
    /// <param name="line">The line with its number, from 1.</param>
    /// <returns>False at the end of the file.</returns>
    public bool TryRead(out (long Number, string Text, string? Fault) line)
    {
        var found = Peek(0);
        line = (_number + 1, found?.Text ?? "", found?.Fault);
        Skip(found is null ? 0 : 1);
        return found is not null;
    }

    /// <summary>A line that is not taken yet.</summary>
    /// <param name="position">0 for the next.</param>
    /// <returns>Null behind the end of the file.</returns>
    public TextLine? Peek(int position)
    {
        while (_ahead.Count <= position)
        {
            if (!_lines.TryReadLine())
            {
                return null;
            }

            _ahead.Add(TextLine.Of(_lines));
        }

        return _ahead[position];
    }

    /// <summary>Takes lines that were looked at.</summary>
    public void Skip(int count)
    {
        _ahead.RemoveRange(0, count);
        _number += count;
    }

    public void Dispose() => _lines.Dispose();
}
