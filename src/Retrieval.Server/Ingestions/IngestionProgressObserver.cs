using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>Passes a run's progress to the run registry, and the difference to the metrics.</summary>
internal sealed class IngestionProgressObserver(Action<IngestionProgress> progressed, IngestionMetrics metrics, IngestionProgress before) : IProgress<IngestionProgress>
{
    private IngestionProgress _before = before;

    public void Report(IngestionProgress value)
    {
        metrics.Progressed(_before, value);
        progressed(value);
        _before = value;
    }
}
