using Retrieval.Search.Ingestion;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Rows;

namespace Retrieval.Cli.Commands.Ingest;

/// <summary>Where an ingestion stores its results.</summary>
/// <param name="Label">Name for people to read.</param>
/// <param name="Target">The target the job writes to; the job disposes of it.</param>
/// <param name="ReadLedger">Reads the source's committed checkpoint; null if there is none.</param>
internal sealed record IngestDestination(string Label, IIngestionTarget Target, Func<Task<SourceCheckpoint?>> ReadLedger)
{
    public static IngestDestination Folder(string index, IndexSchema schema, IngestionOptions options) =>
        new(index, new LocalIngestionTarget(index, schema, options.CommitRows), () => Task.FromResult(LedgerOf(index, options.SourceKey)));

    private static SourceCheckpoint? LedgerOf(string index, string sourceKey)
    {
        try
        {
            using var opened = LocalIndex.Open(index);
            return opened.Ledger.FirstOrDefault(entry => entry.SourceKey == sourceKey);
        }
        catch (IndexMissingException)
        {
            // Stopped before it was created.
            return null;
        }
    }
}
