namespace Retrieval.Features.Sources;

/// <summary>
/// Images in a fixed order, read one at a time. This is the only way features enter the service. A source that cannot be used at
/// all is refused when it is opened. After that, a row that cannot be used is an item like any other.
/// </summary>
public interface IFeatureSource : IDisposable
{
    /// <summary>Name of the source for people, e.g. the split or the file.</summary>
    string Name { get; }

    /// <summary>For people, when the source is opened: what the files were recognised as, and what could not be checked.</summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>The number of items from row 0 on, if it is known without reading.</summary>
    long? RowCount { get; }

    /// <summary>
    /// Counts the rows of images. Reads what is needed for that, at most once. Items that a source adds after its last image are
    /// not counted.
    /// </summary>
    /// <exception cref="IOException">A file can no longer be read.</exception>
    long CountRows() => RowCount ?? ReadFrom(0).LongCount();

    /// <summary>
    /// Names, sizes and times of the files when the source was opened. If the stamp changes, row numbers recorded earlier may
    /// refer to other images.
    /// </summary>
    string Stamp { get; }

    /// <summary>
    /// Reads items in order. Memory does not grow with the number of rows, except for the seen ids if the source's ids could
    /// repeat. Each call reads independently; reading blocks on the disk.
    /// </summary>
    /// <param name="row">The first row to return, from 0. At or beyond the end nothing is returned.</param>
    /// <exception cref="Retrieval.Domain.Errors.InvalidInputException">A file was truncated after it was opened.</exception>
    /// <exception cref="IOException">A file can no longer be read.</exception>
    IEnumerable<SourceItem> ReadFrom(long row);
}
