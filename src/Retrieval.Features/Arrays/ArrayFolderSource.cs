using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Captions;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Arrays;

/// <summary>
/// A folder of <c>.npz</c> or <c>.npy</c> files, one an image. The id is the file's name without that ending. Captions come from
/// another file, by id.
/// </summary>
/// <remarks>
/// The rows are the files in the ordinal order of their names; other files, and folders within, are not read. The names are held
/// in memory, the arrays of one image at a time. A file that cannot be used is rejected alone.
/// </remarks>
public sealed class ArrayFolderSource : IFeatureSource
{
    private readonly string _folder;
    private readonly string[] _files;

    // Ids of a .npz and of a .npy file. Such an id is that of the first file that can be used, so these are read even before the row
    // that reading begins with.
    private readonly HashSet<string> _repeated;
    private readonly CaptionsById? _captions;
    private readonly FeatureExpectation _expected;

    private ArrayFolderSource(string folder, string[] files, string stamp, CaptionsById? captions, FeatureExpectation expected)
    {
        _folder = folder;
        _files = files;
        _repeated = [.. files.GroupBy(IdOf, StringComparer.Ordinal).Where(group => group.Skip(1).Any()).Select(group => group.Key)];
        _captions = captions;
        _expected = expected;
        Name = NameOf(folder);
        Stamp = stamp;
        var note = $"{Name}: a folder of {Counted.Of(files.Length, ".npz or .npy file")}, one an image";
        Notes = captions is null ? [note] : [note, captions.Note];
    }

    /// <summary>The folder's name.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Known without a caption file; ids without an image add a row.</summary>
    public long? RowCount => _captions is null ? _files.Length : null;

    /// <inheritdoc/>
    public string Stamp { get; }

    /// <summary>Opens a folder. Lists its files and reads its captions, but no image.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="captionsPath">The caption file, if there is one.</param>
    /// <param name="expected">What the model needs.</param>
    /// <param name="split">The split of the caption file that is wanted; null for all.</param>
    /// <exception cref="InvalidInputException">The folder is missing or has no such file, or the captions have no known form.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static ArrayFolderSource Open(string folder, string? captionsPath, FeatureExpectation expected, string? split = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(expected);
        var files = FilesOf(folder);
        var captions = captionsPath is null ? null : CaptionsById.Load(captionsPath, split);
        return new ArrayFolderSource(folder, [.. files.Select(file => file.Name)], StampOf(files, captionsPath, split), captions, expected);
    }

    /// <summary>Names of the files that are read, in their order.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidInputException">The folder is missing or has no such file.</exception>
    public static IReadOnlyList<string> FileNames(string folder) => [.. FilesOf(folder).Select(file => file.Name)];

    /// <inheritdoc/>
    public long CountRows() => _files.Length;

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

    private static FileInfo[] FilesOf(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException("no such folder", NameOf(folder));
        }

        FileInfo[] files = [.. new DirectoryInfo(folder).EnumerateFiles().Where(file => IsArray(file.Name)).OrderBy(file => file.Name, StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidInputException("no .npz or .npy file in the folder, expected one an image", NameOf(folder));
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static bool IsArray(string name) =>
        name.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    // A hash: a checkpoint holds the stamp, and there may be a hundred thousand files.
    private static string StampOf(FileInfo[] files, string? captionsPath, string? split)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            var isFound = !IsOfOtherBytes(file.FullName);
            var target = isFound ? (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file : file;
            var length = isFound && target.Exists ? target.Length : -1;
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.Name}\0{length}\0{target.LastWriteTimeUtc.Ticks}\0")));
        }

        var captions = captionsPath is null ? "" : $";{SourceStamp.Of([captionsPath])}{(split is null ? "" : $";split {split}")}";
        return $"{files.Length} files:{Convert.ToHexStringLower(hash.GetHashAndReset())}{captions}";
    }

    private IEnumerable<SourceItem> Read(long first)
    {
        var seen = new SeenIds();
        var asked = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var row = 0L; row < _files.Length; row++)
        {
            var id = IdOf(_files[row]);
            if (row >= first || _repeated.Contains(id))
            {
                var item = ReadItem(_files[row], row, id, seen, asked);
                if (row >= first)
                {
                    yield return item;
                }
            }
            else
            {
                _ = _captions?.Find(id, row, asked, out _, out _);
            }
        }

        foreach (var rest in _captions?.Rest(asked, _files.Length, $"no file in {Name}") ?? [])
        {
            if (rest.Row >= first)
            {
                yield return rest;
            }
        }
    }

    // .NET gives bytes of a name that are not UTF-8 as U+FFFD, and finds no file under that name.
    private static bool IsOfOtherBytes(string path) => Path.GetFileName(path).Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(path);

    private static string IdOf(string file) => Path.GetFileNameWithoutExtension(file);

    private SourceItem ReadItem(string file, long row, string id, SeenIds seen, Dictionary<string, string> asked)
    {
        if (SampleRules.CheckId(id) is { } badId)
        {
            return new RejectedSample(file, row, null, badId);
        }

        if (IsOfOtherBytes(Path.Combine(_folder, file)))
        {
            return new RejectedSample(file, row, null, "the file's name is not UTF-8, so it cannot be opened nor be an id; rename the file");
        }

        if (seen.Check(id) is { } repeated)
        {
            return new RejectedSample(file, row, id, repeated);
        }

        IReadOnlyList<string> captions = [];
        IReadOnlyList<RejectedSample> leftOut = [];
        var unknown = _captions?.Find(id, row, asked, out captions, out leftOut);
        try
        {
            var sample = ArrayFile.Read(Path.Combine(_folder, file), row, id, _expected);
            if (unknown is not null)
            {
                return new RejectedSample(file, row, id, unknown);
            }

            seen.Note(id, row);
            ImageSample whole = sample with { Captions = captions, LeftOut = leftOut };
            return whole;
        }
        catch (InvalidInputException e)
        {
            var array = e.File is null || e.File == file ? "" : $"{e.File}: ";
            return new RejectedSample(file, row, id, $"{array}{e.Reason}");
        }
    }
}
