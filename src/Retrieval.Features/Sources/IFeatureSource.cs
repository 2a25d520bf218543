namespace Retrieval.Features.Sources;

/// <summary>
/// Images in a fixed order, read one at a time: the one way in which features come into the service. A source that
/// cannot be used at all is refused when it is opened; after that, a row that cannot be used is an item like any other.
/// </summary>
public interface IFeatureSource : IDisposable
{
    /// <summary>What a person calls the source, e.g. the split or the file.</summary>
    string Name { get; }

    /// <summary>How many items a reading from row 0 gives, if that is known without reading.</summary>
    long? RowCount { get; }

    /// <summary>
    /// Counts the rows of images, by reading what must be read for that, and no more than once through. Items that a
    /// source puts behind its last image are not counted.
    /// </summary>
    /// <exception cref="IOException">A file can no longer be read.</exception>
    long CountRows() => RowCount ?? ReadFrom(0).LongCount();

    /// <summary>
    /// Names, sizes and times of the files at the moment the source was opened. A changed stamp means that row numbers
    /// noted earlier may mean other images.
    /// </summary>
    string Stamp { get; }

    /// <summary>
    /// Reads items in order. Memory does not grow with the number of rows, but for the ids seen where the source's
    /// ids could repeat. Each call reads on its own; reading blocks on the disk.
    /// </summary>
    /// <param name="row">The first row to give, from 0; at or beyond the end gives nothing.</param>
    /// <exception cref="Retrieval.Domain.Errors.InvalidInputException">A file was cut short after it was opened.</exception>
    /// <exception cref="IOException">A file can no longer be read.</exception>
    IEnumerable<SourceItem> ReadFrom(long row);
}
