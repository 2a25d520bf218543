using Retrieval.Features.Sources;

namespace Retrieval.Search.Tests;

/// <summary>Items in memory.</summary>
internal sealed class ListSource(IReadOnlyList<SourceItem> items, string stamp = "1") : IFeatureSource
{
    public string Name => "list";

    public long? RowCount => items.Count;

    public string Stamp => stamp;

    public IEnumerable<SourceItem> ReadFrom(long row) => items.Skip((int)row);

    public void Dispose()
    {
    }
}
