using Retrieval.Domain.Numbers;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// Warns of images that are stored again without metadata that they had, as by a run that has not the file of metadata of an earlier
/// one: of the first at once, so that the run can be stopped, and of their number at its end. One call at a time.
/// </summary>
/// <param name="warnings">Receives the warnings.</param>
internal sealed class MetadataWatch(RunWarnings warnings)
{
    private const int MostNames = 5;

    private readonly List<string> _names = [];
    private long _images;

    /// <summary>Adds images that were stored so.</summary>
    public void Add(IEnumerable<LostMetadata> images)
    {
        foreach (var image in images)
        {
            if (_images++ == 0)
            {
                warnings.Add($"'{image.Id}' is stored again without metadata that it had ({Named(image.Names)}), and so may others be: a run without the file of metadata that an earlier run had removes them");
            }

            _names.AddRange(image.Names.Except(_names).Take(MostNames + 1 - _names.Count));
        }
    }

    /// <summary>Says how many there were. Call when the run ends.</summary>
    public void End()
    {
        if (_images > 0)
        {
            warnings.Add($"{Counted.Of(_images, "image")} lost metadata by being stored again ({Named(_names)}); ingested with the file of metadata, the source has them again");
        }
    }

    private static string Named(IReadOnlyList<string> names) => $"{string.Join(", ", names.Take(MostNames).Select(name => $"'{name}'"))}{(names.Count > MostNames ? ", …" : "")}";
}
