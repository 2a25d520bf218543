using Retrieval.Features.Sources;

namespace Retrieval.TestKit.Corpora;

/// <summary>A source of items in memory.</summary>
/// <param name="items">Item i has row i.</param>
/// <param name="stamp">Another one makes it another version of the source.</param>
public sealed class ListSource(IReadOnlyList<SourceItem> items, string stamp = "1") : IFeatureSource
{
    /// <inheritdoc/>
    public string Name => "list";

    /// <inheritdoc/>
    public long? RowCount => items.Count;

    /// <inheritdoc/>
    public string Stamp => stamp;

    /// <inheritdoc/>
    public IEnumerable<SourceItem> ReadFrom(long row) => items.Skip((int)row);

    /// <summary>Nothing to give back.</summary>
    public void Dispose()
    {
    }
}
