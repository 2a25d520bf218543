namespace Retrieval.Features.Sources;

/// <summary>The ids of a source seen so far. The first row with an id owns it, whether or not the row could be used.</summary>
internal sealed class SeenIds
{
    private readonly Dictionary<string, long> _rows = new(StringComparer.Ordinal);

    /// <summary>Records an id without a check.</summary>
    public void Note(string id, long row) => _rows.TryAdd(id, row);

    /// <summary>Whether an earlier row has the id.</summary>
    public bool Contains(string id) => _rows.ContainsKey(id);

    /// <summary>Records an id.</summary>
    /// <returns>The reason for a refusal if another row has the id, or null.</returns>
    public string? Check(string id, long row) =>
        _rows.TryAdd(id, row) ? null : $"the id is that of row {_rows[id]} already, expected each id once";
}
