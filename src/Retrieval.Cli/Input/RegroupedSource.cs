using Retrieval.Features.Sources;

namespace Retrieval.Cli.Input;

/// <summary>
/// A source with a number of captions per image chosen by the caller: its rows differ from those of the same files read otherwise.
/// </summary>
internal sealed class RegroupedSource(IFeatureSource inner, int captionsPerImage) : IFeatureSource
{
    public string Name => inner.Name;

    public IReadOnlyList<string> Notes => inner.Notes;

    public long? RowCount => inner.RowCount;

    public string Stamp => $"{inner.Stamp};{captionsPerImage} captions an image";

    public long CountRows() => inner.CountRows();

    public IEnumerable<SourceItem> ReadFrom(long row) => inner.ReadFrom(row);

    public void Dispose() => inner.Dispose();
}
