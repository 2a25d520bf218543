using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>Passes on a run's progress with the warnings that are new in it, and the difference to the metrics.</summary>
internal sealed class IngestionProgressObserver(Action<IngestionProgress, IEnumerable<string>> progressed, IngestionMetrics metrics, IngestionProgress before) : IProgress<IngestionProgress>
{
    private IngestionProgress _before = before;

    public void Report(IngestionProgress value)
    {
        metrics.Progressed(_before, value);
        progressed(value, value.Warnings.Skip(_before.Warnings.Count));
        _before = value;
    }
}
