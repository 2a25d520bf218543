namespace Retrieval.Search.Ingestion;

/// <summary>What people should look at while a run goes on, in the order in which it was found. Safe for any number of threads.</summary>
internal sealed class RunWarnings
{
    private readonly Lock _gate = new();
    private readonly List<string> _texts = [];

    /// <summary>All so far; none is taken back.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _texts];
            }
        }
    }

    /// <summary>Adds one behind those that are there.</summary>
    public void Add(string text)
    {
        lock (_gate)
        {
            _texts.Add(text);
        }
    }
}
