using Retrieval.Domain.Errors;

namespace Retrieval.Features.Sources;

/// <summary>
/// The tab-separated file of the bottom-up-attention detector. Each line is an image with id, width, height, number of boxes,
/// boxes and features, the last two little-endian single precision in base64. Captions come from a second file, by id: <c>{"id":
/// ["caption", …]}</c> if its name ends in <c>.json</c>, otherwise <c>id⇥caption</c> lines.
/// </summary>
/// <remarks>
/// A row is a line. Reading from a row skips the earlier lines without decoding them. If no region width is expected, it is 2048.
/// The image's size is in the metadata, as <c>image_w</c> and <c>image_h</c>. Captions are held in memory. With a caption file,
/// an image that it does not name is rejected (an image without captions is named with an empty list). Ids that it names but no
/// line has are rejected together, in the row after the last line.
/// </remarks>
public sealed class BottomUpTsvSource : IFeatureSource
{
    private const int UnmatchedNamed = 5;

    private readonly string _path;
    private readonly FeatureExpectation _expected;
    private readonly IReadOnlyDictionary<string, string[]>? _captions;
    private readonly string? _captionsName;

    private BottomUpTsvSource(string path, string stamp, string? captionsPath, IReadOnlyDictionary<string, string[]>? captions, FeatureExpectation expected)
    {
        _path = path;
        _captionsName = Path.GetFileName(captionsPath);
        _captions = captions;
        _expected = expected;
        Name = Path.GetFileName(path);
        Stamp = stamp;
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>Unknown: the lines are not counted in advance.</summary>
    public long? RowCount => null;

    /// <inheritdoc/>
    public string Stamp { get; }

    /// <summary>Opens a file. Reads its captions but not its images.</summary>
    /// <param name="path">The file.</param>
    /// <param name="captionsPath">The caption file, if there is one.</param>
    /// <param name="expected">What the model needs.</param>
    /// <exception cref="InvalidInputException">A file is missing or empty, or the captions have neither format.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static BottomUpTsvSource Open(string path, string? captionsPath, FeatureExpectation expected)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(expected);
        string[] paths = captionsPath is null ? [path] : [path, captionsPath];
        var stamp = SourceStamp.Of(paths);
        var captions = captionsPath is null ? null : CaptionFile.Load(captionsPath);
        return new BottomUpTsvSource(path, stamp, captionsPath, captions, expected);
    }

    /// <summary>Counts the lines without parsing them, at the speed of the disk.</summary>
    /// <inheritdoc/>
    public long CountRows() => LineCount.Of(_path);

    /// <inheritdoc/>
    public IEnumerable<SourceItem> ReadFrom(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        return Read(row);
    }

    /// <summary>Nothing is open between reads.</summary>
    public void Dispose()
    {
    }

    private IEnumerable<SourceItem> Read(long first)
    {
        var seen = new SeenIds();
        using var lines = new LineReader(_path, BottomUpLine.MaxBytes);
        var row = 0L;
        for (; lines.TryReadLine(); row++)
        {
            if (row >= first)
            {
                yield return ReadItem(lines, row, seen);
            }
            else if (BottomUpLine.ReadId(lines.Line) is { } id)
            {
                seen.Note(id, row);
            }
        }

        if (row >= first && Unmatched(row, seen) is { } unmatched)
        {
            yield return unmatched;
        }
    }

    private RejectedSample? Unmatched(long row, SeenIds seen)
    {
        string[] ids = _captions is null ? [] : [.. _captions.Keys.Where(id => !seen.Contains(id))];
        var named = string.Join(", ", ids.Take(UnmatchedNamed).Select(id => $"'{id}'"));
        return ids.Length == 0
            ? null
            : new RejectedSample(_captionsName!, row, null, $"{ids.Length} ids with captions have no line in {Name}: {named}{(ids.Length > UnmatchedNamed ? ", …" : "")}");
    }

    private SourceItem ReadItem(LineReader lines, long row, SeenIds seen)
    {
        RejectedSample Reject(string? id, string reason) => new(Name, row, id, $"line {row + 1}: {reason}");

        if (lines.IsTooLong)
        {
            return Reject(null, $"more than {BottomUpLine.MaxBytes} bytes");
        }

        if (BottomUpLine.ReadId(lines.Line) is not { } id)
        {
            return Reject(null, $"it does not begin with an id of 1 to {SampleRules.MaxIdLength} characters of UTF-8 and a tab");
        }

        if (seen.Check(id, row) is { } repeated)
        {
            return Reject(id, repeated);
        }

        if (BottomUpLine.TryRead(lines.Line, row, id, _expected, out var sample) is { } bad)
        {
            return Reject(id, bad);
        }

        if (_captions is null)
        {
            return sample!;
        }

        if (!_captions.TryGetValue(id, out var captions))
        {
            return Reject(id, $"{_captionsName} has no entry for its id, expected captions or an empty list of them");
        }

        return SampleRules.CheckCaptions(captions) is { } badCaption
            ? Reject(id, badCaption)
            : sample! with { Captions = captions };
    }
}
