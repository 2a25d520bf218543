namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// The keys of the sources that have written images. Each has a small number that represents it in the image's row. Numbers are
/// assigned once and kept, even for sources without any live image.
/// </summary>
internal sealed class SourceNumbers(IEnumerable<string> keys)
{
    private readonly List<string> _keys = [.. keys];

    public int Count => _keys.Count;

    public IReadOnlyList<string> Keys => [.. _keys];

    /// <summary>The number of a source, assigned if needed; 0 for no source.</summary>
    public int Of(string? key)
    {
        if (key is null)
        {
            return 0;
        }

        var place = _keys.IndexOf(key);
        if (place < 0)
        {
            place = _keys.Count;
            _keys.Add(key);
        }

        return place + 1;
    }

    /// <summary>The source of a number; null for 0.</summary>
    public string? KeyOf(int number) => number == 0 ? null : _keys[number - 1];
}
