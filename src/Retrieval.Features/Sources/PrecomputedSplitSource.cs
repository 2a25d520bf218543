using System.Globalization;
using System.Text.RegularExpressions;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;

namespace Retrieval.Features.Sources;

/// <summary>
/// A split in the layout that SCAN, CAMP and SGRAF share. A folder contains <c>{split}_ims.npy</c> (floating point, <c>[images,
/// regions, features]</c>) and optionally: <c>{split}_caps.txt</c> (UTF-8, one caption per line, those of an image together),
/// <c>{split}_ids.txt</c>, <c>{split}_boxes.npy</c> (<c>[images, regions, 4]</c>) and <c>{split}_metadata.jsonl</c> (one flat
/// JSON object per line).
/// </summary>
/// <remarks>
/// Older files store every image once per caption: as many rows as captions, each image five times in succession. This is
/// detected, and a row of this source is still an image. Without an id file the ids consist of the split and the row, e.g.
/// <c>test-000042</c>. If an id file has one line per caption, the first line of each image is used.
/// </remarks>
public sealed partial class PrecomputedSplitSource : IFeatureSource
{
    private readonly SplitFiles _files;
    private readonly int _regionCount;
    private readonly int _regionWidth;

    private PrecomputedSplitSource(string split, SplitFiles files)
    {
        Name = split;
        _files = files;
        _regionCount = (int)files.Regions.Shape[1];
        _regionWidth = (int)files.Regions.Shape[2];
    }

    /// <summary>The split's name.</summary>
    public string Name { get; }

    /// <summary>Images of the split.</summary>
    public long? RowCount => _files.Layout.Images;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _files.Layout.Notes(_files.Regions.Name, _files.Captions?.Name);

    /// <inheritdoc/>
    public string Stamp => _files.Stamp;

    /// <summary>Captions of each image; 0 if the split has no caption file.</summary>
    public int CaptionsPerImage => _files.Layout.CaptionsPerImage;

    /// <summary>Names of the files that a split may have, relative to its folder.</summary>
    /// <exception cref="InvalidInputException">Not a valid name of a split.</exception>
    public static IReadOnlyList<string> FileNames(string split)
    {
        ArgumentNullException.ThrowIfNull(split);
        Require(split);
        return [.. SplitFiles.Kinds.Select(kind => split + kind)];
    }

    /// <summary>Opens a split and checks its files against each other. Text files are read completely once.</summary>
    /// <param name="folder">The folder of the files.</param>
    /// <param name="split">The split's name: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, beginning with a letter or digit.</param>
    /// <param name="expected">What the model needs.</param>
    /// <exception cref="InvalidInputException">A file is missing, damaged, of an unexpected shape, or inconsistent with
    /// another.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static PrecomputedSplitSource Open(string folder, string split, FeatureExpectation expected)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(expected);
        Require(split);
        return new PrecomputedSplitSource(split, SplitFiles.Open(folder, split, expected));
    }

    /// <inheritdoc/>
    public IEnumerable<SourceItem> ReadFrom(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        return Read(row);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _files.Dispose();

    private static void Require(string split)
    {
        if (!SplitName().IsMatch(split))
        {
            throw new InvalidInputException("expected up to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit", field: "split");
        }
    }

    private IEnumerable<SourceItem> Read(long first)
    {
        var layout = _files.Layout;
        if (first >= layout.Images)
        {
            yield break;
        }

        var seen = new SeenIds();
        using var ids = _files.Ids?.ReadFrom(0).GetEnumerator();
        using var captions = _files.Captions?.ReadFrom(first * layout.CaptionsPerImage).GetEnumerator();
        using var metadata = _files.Metadata?.ReadFrom(first).GetEnumerator();
        for (var row = 0L; ids is not null && row < first; row++)
        {
            seen.Note(Take(ids, _files.IdsPerImage, _files.Ids!)[0].Text, row);
        }

        for (var row = first; row < layout.Images; row++)
        {
            var id = ids is null
                ? new TextLine(string.Create(CultureInfo.InvariantCulture, $"{Name}-{row:D6}"), null)
                : Take(ids, _files.IdsPerImage, _files.Ids!)[0];
            var texts = captions is null ? [] : Take(captions, layout.CaptionsPerImage, _files.Captions!);
            TextLine? entries = metadata is null ? null : Take(metadata, 1, _files.Metadata!)[0];
            yield return ReadItem(row, id, ids is null ? null : seen, texts, entries);
        }
    }

    private SourceItem ReadItem(long row, TextLine idLine, SeenIds? seen, TextLine[] captionLines, TextLine? metadataLine)
    {
        var id = idLine.Text;
        if ((idLine.Fault ?? SampleRules.CheckId(id)) is { } badId)
        {
            return new RejectedSample(_files.Ids?.Name ?? Name, row, null, badId);
        }

        if (seen?.Check(id) is { } repeatedId)
        {
            return new RejectedSample(_files.Ids!.Name, row, id, repeatedId);
        }

        // Whether it can be used or not: a run that is resumed does not read the features of earlier rows.
        seen?.Note(id, row);
        var leftOut = new List<RejectedSample>();
        string[] captions = [.. captionLines.Where((caption, i) => Keep(caption, row, i, id, leftOut)).Select(caption => caption.Text)];

        Dictionary<string, MetadataValue>? metadata = null;
        if (metadataLine is { } line && (line.Fault ?? SampleMetadata.TryParse(line.Text, out metadata)) is { } badMetadata)
        {
            return new RejectedSample(_files.Metadata!.Name, row, id, badMetadata);
        }

        var regions = GC.AllocateUninitializedArray<float>(_regionCount * _regionWidth);
        if (ReadRegions(row, regions) is { } badRegions)
        {
            return new RejectedSample(_files.Regions.Name, row, id, badRegions);
        }

        float[]? boxes = null;
        if (_files.Boxes is not null)
        {
            boxes = new float[_regionCount * 4];
            _files.Boxes.ReadRows(row * _files.Layout.RowsPerImage, boxes);
            if (SampleRules.CheckFinite(boxes, 4, "coordinate") is { } badBoxes)
            {
                return new RejectedSample(_files.Boxes.Name, row, id, badBoxes);
            }
        }

        return new ImageSample(row, id)
        {
            Regions = regions,
            RegionCount = _regionCount,
            RegionWidth = _regionWidth,
            Captions = captions,
            LeftOut = leftOut,
            Boxes = boxes is null ? null : (ReadOnlyMemory<float>?)boxes,
            Metadata = metadata,
        };
    }

    private bool Keep(TextLine caption, long row, int position, string id, List<RejectedSample> leftOut)
    {
        if ((caption.Fault ?? SampleRules.CheckCaption(caption.Text)) is not { } reason)
        {
            return true;
        }

        var line = (row * _files.Layout.CaptionsPerImage) + position + 1;
        leftOut.Add(new RejectedSample(_files.Captions!.Name, row, id, $"line {line}: {reason}; the caption is left out"));
        return false;
    }

    private string? ReadRegions(long row, float[] regions)
    {
        var times = _files.Layout.RowsPerImage;
        _files.Regions.ReadRows(row * times, regions);
        if (SampleRules.CheckFinite(regions, _regionWidth, "feature") is { } bad)
        {
            return bad;
        }

        var scratch = times > 1 ? GC.AllocateUninitializedArray<float>(regions.Length) : [];
        for (var n = 1; n < times; n++)
        {
            if (!_files.Regions.IsRow((row * times) + n, regions, scratch))
            {
                return $"row {(row * times) + n} of the array differs from row {row * times}, expected the same image {times} times in a row";
            }
        }

        return null;
    }

    private static TextLine[] Take(IEnumerator<TextLine> lines, int count, LineFile file)
    {
        var taken = new TextLine[count];
        for (var i = 0; i < count; i++)
        {
            taken[i] = lines.MoveNext()
                ? lines.Current
                : throw new InvalidInputException("the file was cut short while it was read", file.Name);
        }

        return taken;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex SplitName();
}
