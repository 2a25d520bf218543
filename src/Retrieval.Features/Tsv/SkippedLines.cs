namespace Retrieval.Features.Tsv;

/// <summary>
/// Ids of the lines before the row that reading begins with, and where these lines are. Such a line is not decoded. Whether it can
/// be used, and so owns its id, is found out only where the id comes again.
/// </summary>
internal sealed class SkippedLines
{
    private readonly Dictionary<string, (long Row, long Offset)> _first = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(long Row, long Offset)>> _others = new(StringComparer.Ordinal);

    /// <summary>Records a line.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="row">Its row.</param>
    /// <param name="offset">Where it begins in the file, in bytes.</param>
    public void Note(string id, long row, long offset)
    {
        if (_first.TryAdd(id, (row, offset)))
        {
            return;
        }

        if (!_others.TryGetValue(id, out var others))
        {
            _others.Add(id, others = []);
        }

        others.Add((row, offset));
    }

    /// <summary>Takes the lines of an id out, in the file's order: they are looked at once.</summary>
    public IReadOnlyList<(long Row, long Offset)> Take(string id)
    {
        if (!_first.Remove(id, out var first))
        {
            return [];
        }

        return _others.Remove(id, out var others) ? [first, .. others] : [first];
    }
}
