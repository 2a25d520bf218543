using Retrieval.Features.Sources;

namespace Retrieval.Cli.Input;

/// <summary>The first rows of another source.</summary>
internal sealed class LimitedSource(IFeatureSource inner, long rows) : IFeatureSource
{
    public string Name => inner.Name;

    public IReadOnlyList<string> Notes => inner.Notes;

    public long? RowCount => inner.RowCount is { } count ? Math.Min(count, rows) : null;

    public string Stamp => $"{inner.Stamp};first {rows}";

    public long CountRows() => Math.Min(inner.CountRows(), rows);

    public IEnumerable<SourceItem> ReadFrom(long row) => inner.ReadFrom(row).TakeWhile(item => item.Row < rows);

    public void Dispose() => inner.Dispose();
}
