using Retrieval.Search.Ingestion;

namespace Retrieval.Search.CrashHost;

/// <summary>Writes a line a window, at once.</summary>
internal sealed class LinePerWindow : IProgress<IngestionProgress>
{
    public void Report(IngestionProgress value) => Console.WriteLine(value.Rows + value.Uncommitted);
}
