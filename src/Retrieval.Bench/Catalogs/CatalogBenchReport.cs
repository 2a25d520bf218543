using System.Text.Json.Serialization;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Bench.Catalogs;

/// <summary>Results of <see cref="CatalogBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Options">The options.</param>
/// <param name="Store">Storing batches in the catalog; null if skipped.</param>
/// <param name="Fetch">A replica's first copy; null if skipped.</param>
/// <param name="LagSeconds">From the end of a single write until the replica has it; null if skipped.</param>
/// <param name="Shortlist">pgvector compared with exact; null if skipped.</param>
internal sealed record CatalogBenchReport(
    Machine Machine, CatalogBenchOptions Options, TransferReport? Store, TransferReport? Fetch, Samples? LagSeconds, ShortlistReport? Shortlist);

/// <summary>A transfer of data.</summary>
/// <param name="Images">Number of images.</param>
/// <param name="Bytes">Bytes of records and embeddings.</param>
/// <param name="Seconds">Duration.</param>
/// <param name="PeakResidentBytes">Peak memory of this process during the transfer.</param>
internal sealed record TransferReport(long Images, long Bytes, double Seconds, long PeakResidentBytes)
{
    /// <summary>Million bytes per second.</summary>
    public double MegabytesPerSecond => Bytes / Seconds / 1e6;
}

/// <summary>A shortlist in the database.</summary>
/// <param name="Data">Description of the vectors.</param>
/// <param name="StoreSeconds">Time to store them.</param>
/// <param name="BuildSeconds">Time to build the nearest-neighbour indexes.</param>
/// <param name="Recall">Recall and times.</param>
/// <param name="LocalExactMs">The exact shortlist over float32 vectors in this process, as a replica takes it without Postgres.</param>
internal sealed record ShortlistReport(string Data, double StoreSeconds, double BuildSeconds, RecallReport? Recall, Samples LocalExactMs)
{
    /// <summary>The same queries with other numbers of examined candidates; null if not requested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FactorReport>? Factors { get; init; }
}

/// <summary>A shortlist for one search effort of the nearest-neighbour index.</summary>
/// <param name="EfFactor">Candidates it examines per wanted candidate.</param>
/// <param name="Recall">Recall and times.</param>
internal sealed record FactorReport(double EfFactor, RecallReport Recall);
