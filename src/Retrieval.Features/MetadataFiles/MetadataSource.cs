using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.MetadataFiles;

/// <summary>
/// A source whose images have metadata in a file beside it, by id (docs/features.md). They are added to those that the source has,
/// and take the place of those of the same key.
/// </summary>
/// <remarks>
/// An image that the file does not name has the source's metadata alone. One whose line cannot be used is rejected. What the file says of
/// no image is rejected in the rows of the first and of the last item, and only where the source is read from its first row to its end.
/// </remarks>
public sealed class MetadataSource : IFeatureSource
{
    private const int UnmatchedNamed = 5;
    private const int MostFaults = 10_000;

    private readonly IFeatureSource _inner;
    private readonly MetadataFile _file;

    private MetadataSource(IFeatureSource inner, MetadataFile file, string stamp) => (_inner, _file, Stamp) = (inner, file, $"{inner.Stamp};metadata {stamp}");

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => [.. _inner.Notes, $"{_file.Name}: metadata by id; {Counted.Of(_file.Ids.Count, "image")}"];

    /// <inheritdoc/>
    public long? RowCount => _inner.RowCount;

    /// <inheritdoc/>
    public string Stamp { get; }

    /// <summary>Opens the file beside a source.</summary>
    /// <param name="inner">Opens the source, of which this disposes.</param>
    /// <param name="path">The file of metadata; null gives the source as it is.</param>
    /// <exception cref="InvalidInputException">The source or the file cannot be used.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IFeatureSource Over(Func<IFeatureSource> inner, string? path)
    {
        ArgumentNullException.ThrowIfNull(inner);
        if (path is null)
        {
            return inner();
        }

        var stamp = SourceStamp.Of([path]);
        var file = MetadataFile.Load(path);
        return new MetadataSource(inner(), file, stamp);
    }

    /// <inheritdoc/>
    public long CountRows() => _inner.CountRows();

    /// <inheritdoc/>
    public IEnumerable<SourceItem> ReadFrom(long row)
    {
        var whole = row == 0;
        var asked = new HashSet<string>(StringComparer.Ordinal);
        SourceItem? last = null;
        foreach (var item in _inner.ReadFrom(row))
        {
            if (whole && last is null)
            {
                foreach (var fault in _file.Faults.Take(MostFaults))
                {
                    yield return new RejectedSample(_file.Name, item.Row, null, fault);
                }
            }

            last = item;
            yield return item is ImageSample sample ? With(sample, asked) : Noted(item, asked);
        }

        string[] unmatched = whole && last is not null ? [.. _file.Ids.Where(id => !asked.Contains(id))] : [];
        if (unmatched.Length > 0)
        {
            var named = string.Join(", ", unmatched.Take(UnmatchedNamed).Select(id => $"'{id}'"));
            yield return new RejectedSample(_file.Name, last!.Row, null, $"{Counted.Of(unmatched.Length, "id")} with metadata that no image of {Name} has: {named}{(unmatched.Length > UnmatchedNamed ? ", …" : "")}");
        }
    }

    /// <summary>Closes the source.</summary>
    public void Dispose() => _inner.Dispose();

    // A rejected image is one that the file may name all the same.
    private SourceItem Noted(SourceItem item, HashSet<string> asked)
    {
        if (item is RejectedSample { Id: { } id })
        {
            _ = _file.Find(id, out var name, out _);
            asked.UnionWith(name is null ? [] : [name]);
        }

        return item;
    }

    private SourceItem With(ImageSample sample, HashSet<string> asked)
    {
        var own = _file.Find(sample.Id, out var name, out var fault);
        if (name is null)
        {
            return sample;
        }

        if (!asked.Add(name))
        {
            return new RejectedSample(_file.Name, sample.Row, sample.Id, $"it has the image as '{name}', which an image before it is as well, expected one id of each image");
        }

        if (own is null)
        {
            return new RejectedSample(_file.Name, sample.Row, sample.Id, fault!);
        }

        var metadata = new Dictionary<string, MetadataValue>(sample.Metadata ?? new Dictionary<string, MetadataValue>(), StringComparer.Ordinal);
        foreach (var (key, value) in own)
        {
            metadata[key] = value;
        }

        return sample with { Metadata = metadata };
    }
}
