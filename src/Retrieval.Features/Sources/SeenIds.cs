namespace Retrieval.Features.Sources;

/// <summary>The ids of a source seen so far. The first row with an id owns it; which rows count is the source's rule.</summary>
internal sealed class SeenIds
{
    private readonly Dictionary<string, long> _rows = new(StringComparer.Ordinal);

    /// <summary>Records the id of a row.</summary>
    public void Note(string id, long row) => _rows.TryAdd(id, row);

    /// <summary>The reason for a refusal if an earlier row owns the id, or null.</summary>
    public string? Check(string id) =>
        _rows.TryGetValue(id, out var row) ? $"the id is that of row {row} already, expected each id once" : null;
}
