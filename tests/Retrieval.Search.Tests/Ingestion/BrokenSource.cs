using Retrieval.Features.Sources;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>A source that can no longer be read from a row on, as a disk that goes away.</summary>
internal sealed class BrokenSource(IFeatureSource whole, long from) : IFeatureSource
{
    public string Name => whole.Name;

    public long? RowCount => whole.RowCount;

    public string Stamp => whole.Stamp;

    public IEnumerable<SourceItem> ReadFrom(long row)
    {
        foreach (var item in whole.ReadFrom(row))
        {
            yield return item.Row < from ? item : throw new IOException($"the disk is gone at row {from}");
        }
    }

    public void Dispose()
    {
    }
}
