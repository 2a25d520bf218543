using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests;

/// <summary>Calls back after every window, on the stage that stores.</summary>
internal sealed class Watch(Action<IngestionProgress> seen) : IProgress<IngestionProgress>
{
    public void Report(IngestionProgress value) => seen(value);
}
