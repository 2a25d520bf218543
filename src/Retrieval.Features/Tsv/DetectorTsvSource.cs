using Retrieval.Domain.Errors;
using Retrieval.Features.Captions;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tsv;

/// <summary>
/// The tab-separated file of a detector, compressed by gzip or not. Each line is an image; <see cref="TsvColumns"/> says which
/// columns there are. Boxes and features are little-endian single precision in base64. Captions come from a second file, by id.
/// </summary>
/// <remarks>
/// A row is a line; a blank one has no item. Reading from a row skips the earlier lines without decoding them. An id is that of the first row
/// that can be used. If no region width is expected, it is 2048. The image's size is in the metadata, as <c>image_w</c>
/// and <c>image_h</c>. Captions are held in memory. With a caption file, an image that it does not name is rejected (an image
/// without captions is named with an empty list). What the file tells of no image is rejected in the rows after the last line.
/// </remarks>
public sealed class DetectorTsvSource : IFeatureSource
{
    private readonly string _path;
    private readonly FeatureExpectation _expected;
    private readonly TsvColumns _columns;
    private readonly bool _hasHeader;
    private readonly CaptionsById? _captions;

    private DetectorTsvSource(string path, string stamp, TsvColumns columns, bool hasHeader, CaptionsById? captions, FeatureExpectation expected)
    {
        _path = path;
        _columns = columns;
        _hasHeader = hasHeader;
        _captions = captions;
        _expected = expected;
        Name = Path.GetFileName(path);
        Stamp = stamp;
        Notes = captions is null ? [$"{Name}: {columns.Form}"] : [$"{Name}: {columns.Form}", captions.Note];
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Unknown: the lines are not counted in advance.</summary>
    public long? RowCount => null;

    /// <inheritdoc/>
    public string Stamp { get; }

    /// <summary>Opens a file. Reads its first line and its captions, but not its images.</summary>
    /// <param name="path">The file.</param>
    /// <param name="captionsPath">The caption file, if there is one.</param>
    /// <param name="expected">What the model needs.</param>
    /// <param name="columns">Names of the columns in order, separated by commas; null recognises them.</param>
    /// <param name="split">The split of the caption file that is wanted; null for all.</param>
    /// <exception cref="InvalidInputException">A file is missing or empty or has the columns of no form, the captions have no known form or not this split, or a
    /// column that is needed is not named.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static DetectorTsvSource Open(string path, string? captionsPath, FeatureExpectation expected, string? columns = null, string? split = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(expected);
        if (split is not null && captionsPath is null)
        {
            throw new InvalidInputException("is of a caption file, and there is none", field: "split");
        }

        string[] paths = captionsPath is null ? [path] : [path, captionsPath];
        var stamp = SourceStamp.Of(paths);
        var given = columns is null ? null : TsvColumns.OfNames(columns);
        using var lines = new LineReader(path, TsvLine.MaxBytes);
        var found = TsvColumns.Recognise(lines, Path.GetFileName(path), given, out var hasHeader);
        var captions = captionsPath is null ? null : CaptionsById.Load(captionsPath, split);
        return new DetectorTsvSource(path, $"{stamp}{(columns is null ? "" : $";columns {columns}")}{(split is null ? "" : $";split {split}")}", found, hasHeader, captions, expected);
    }

    /// <summary>Counts the lines, also blank ones, without parsing them, at the speed of the disk.</summary>
    /// <inheritdoc/>
    public long CountRows() => LineCount.Of(_path) - (_hasHeader ? 1 : 0);

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
        var skipped = new SkippedLines();
        var asked = new Dictionary<string, string>(StringComparer.Ordinal);
        using var lines = new LineReader(_path, TsvLine.MaxBytes);
        if (_hasHeader)
        {
            _ = lines.TryReadLine();
        }

        var row = 0L;
        for (; lines.TryReadLine(); row++)
        {
            // A blank line is a row without an item, as at the end of many files.
            if (!lines.IsTooLong && LineReader.IsBlank(lines.Line))
            {
                continue;
            }

            if (row >= first)
            {
                yield return ReadItem(lines, row, seen, skipped, asked);
            }
            else if (TsvLine.ReadId(lines.Line, _columns) is { } id)
            {
                skipped.Note(id, row, lines.LineOffset);
                _ = _captions?.Find(id, row, asked, out _, out _);
            }
        }

        foreach (var rest in _captions?.Rest(asked, row, $"no line in {Name}") ?? [])
        {
            if (rest.Row >= first)
            {
                yield return rest;
            }
        }
    }

    private SourceItem ReadItem(LineReader lines, long row, SeenIds seen, SkippedLines skipped, Dictionary<string, string> asked)
    {
        RejectedSample Reject(string? id, string reason) => new(Name, row, id, $"line {row + (_hasHeader ? 2 : 1)}: {reason}");

        if (lines.IsTooLong)
        {
            return Reject(null, $"more than {TsvLine.MaxBytes} bytes");
        }

        if (TsvLine.ReadId(lines.Line, _columns) is not { } id)
        {
            return Reject(null, $"{(_columns.Id == 0 ? "it does not begin with" : $"column {_columns.Id + 1} is not")} an id of 1 to {SampleRules.MaxIdLength} characters of UTF-8, none of them a control character, and a tab");
        }

        IReadOnlyList<string> captions = [];
        IReadOnlyList<RejectedSample> leftOut = [];
        var unknown = _captions?.Find(id, row, asked, out captions, out leftOut);
        if (unknown is null && OwnerOf(id, skipped) is { } owner)
        {
            seen.Note(id, owner);
        }

        if (seen.Check(id) is { } repeated)
        {
            return Reject(id, repeated);
        }

        if (TsvLine.TryRead(lines.Line, row, id, _columns, _expected, out var sample) is { } bad)
        {
            return Reject(id, bad);
        }

        if (unknown is not null)
        {
            return Reject(id, unknown);
        }

        seen.Note(id, row);
        ImageSample whole = sample! with { Captions = captions, LeftOut = leftOut };
        return whole;
    }

    // Row of the first skipped line of an id that can be used; null if there is none.
    private long? OwnerOf(string id, SkippedLines skipped)
    {
        foreach (var (row, offset) in skipped.Take(id))
        {
            using var lines = new LineReader(_path, TsvLine.MaxBytes, offset);
            if (lines.TryReadLine() && TsvLine.TryRead(lines.Line, row, id, _columns, _expected, out _) is null)
            {
                return row;
            }
        }

        return null;
    }
}
