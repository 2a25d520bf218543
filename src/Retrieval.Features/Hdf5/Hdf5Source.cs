using Retrieval.Domain.Errors;
using Retrieval.Features.Captions;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Hdf5;

/// <summary>
/// The images of an HDF5 file: features, and where the file has them boxes, ids, numbers of boxes and sizes of the pictures, in
/// datasets that are recognised by their names (docs/features.md) or named. Captions come from a second file, by id.
/// </summary>
/// <remarks>
/// A row is an image in the file's order. Each reading opens the file; one window of rows is in memory, which is a chunk of the file
/// but at most 128 MiB. While a packed chunk is read, PureHDF holds three copies of it, packed, unpacked and unshuffled; a chunk has at most
/// 512 MiB. An id is that of its first row, whether or not that can be used.
/// </remarks>
public sealed class Hdf5Source : IFeatureSource
{
    private readonly string _path;
    private readonly Hdf5Names _names;
    private readonly CaptionsById? _captions;
    private readonly FeatureExpectation _expected;
    private readonly long _images;

    private Hdf5Source(string path, string stamp, Hdf5Names names, Hdf5Layout layout, CaptionsById? captions, FeatureExpectation expected)
    {
        _path = path;
        _names = names;
        _captions = captions;
        _expected = expected;
        _images = layout.Images;
        Name = Path.GetFileName(path);
        Stamp = stamp;
        var note = $"{Name}: {layout.Form}";
        Notes = captions is null ? [note] : [note, captions.Note];
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Known without a caption file; ids without an image add a row.</summary>
    public long? RowCount => _captions is null ? _images : null;

    /// <inheritdoc/>
    public string Stamp { get; }

    /// <summary>Opens a file. Reads what its datasets are and its captions, but of the images only the first.</summary>
    /// <param name="path">The file.</param>
    /// <param name="captionsPath">The caption file, if there is one.</param>
    /// <param name="expected">What the model needs.</param>
    /// <param name="datasets">Names of datasets, <c>features=a,ids=b</c>; what is not named is recognised.</param>
    /// <param name="split">The split of the caption file that is wanted; null for all.</param>
    /// <exception cref="InvalidInputException">A file is missing or damaged, a dataset is missing or has a shape that does not fit, or
    /// the captions have no known form.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Hdf5Source Open(string path, string? captionsPath, FeatureExpectation expected, string? datasets = null, string? split = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(expected);
        if (split is not null && captionsPath is null)
        {
            throw new InvalidInputException("is of a caption file, and there is none", field: "split");
        }

        var names = Hdf5Names.Of(datasets);
        var stamp = SourceStamp.Of(captionsPath is null ? [path] : [path, captionsPath]);
        using var file = Hdf5File.Open(path);
        var layout = Hdf5Layout.Find(file, names, expected);
        var captions = captionsPath is null ? null : CaptionsById.Load(captionsPath, split);
        return new Hdf5Source(path, $"{stamp}{(datasets is null ? "" : $";datasets {datasets}")}{(split is null ? "" : $";split {split}")}", names, layout, captions, expected);
    }

    /// <inheritdoc/>
    public long CountRows() => _images;

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
        using var file = Hdf5File.Open(_path);
        var rows = new Hdf5Rows(Hdf5Layout.Find(file, _names, _expected), Path.GetFileNameWithoutExtension(Name));
        var seen = new SeenIds();
        var asked = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var row = 0L; row < _images; row++)
        {
            if (row >= first)
            {
                yield return ReadItem(rows, row, seen, asked);
            }
            else if (IdOf(rows, row, out _) is { } id)
            {
                seen.Note(id, row);
                _ = _captions?.Find(id, row, asked, out _, out _);
            }
        }

        foreach (var rest in _captions?.Rest(asked, _images, $"no row in {Name}") ?? [])
        {
            if (rest.Row >= first)
            {
                yield return rest;
            }
        }
    }

    private SourceItem ReadItem(Hdf5Rows rows, long row, SeenIds seen, Dictionary<string, string> asked)
    {
        if (IdOf(rows, row, out var badId) is not { } id)
        {
            return new RejectedSample(Name, row, null, badId!);
        }

        IReadOnlyList<string> captions = [];
        IReadOnlyList<RejectedSample> leftOut = [];
        if (seen.Check(id) is { } repeated)
        {
            return new RejectedSample(Name, row, id, repeated);
        }

        seen.Note(id, row);
        if (_captions?.Find(id, row, asked, out captions, out leftOut) is { } unknown)
        {
            return new RejectedSample(Name, row, id, unknown);
        }

        try
        {
            ImageSample whole = rows.Image(row, id, _expected) with { Captions = captions, LeftOut = leftOut };
            return whole;
        }
        catch (InvalidInputException e)
        {
            return new RejectedSample(Name, row, id, Reason(e));
        }
    }

    private static string? IdOf(Hdf5Rows rows, long row, out string? bad)
    {
        try
        {
            var id = rows.Id(row);
            bad = SampleRules.CheckId(id) ?? (id.Contains('\uFFFD', StringComparison.Ordinal) ? "the id is not UTF-8" : null);
            return bad is null ? id : null;
        }
        catch (InvalidInputException e)
        {
            bad = Reason(e);
            return null;
        }
    }

    private static string Reason(InvalidInputException e) => e.Field is null ? e.Reason : $"{e.Field}: {e.Reason}";
}
