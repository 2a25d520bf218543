using System.Text.Json.Serialization;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Bench.Catalogs;

/// <summary>What <see cref="CatalogBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Options">With what.</param>
/// <param name="Store">Batches into the catalog; null if left out.</param>
/// <param name="Fetch">A replica's first copy; null if left out.</param>
/// <param name="LagSeconds">From the end of a single write to the replica having it; null if left out.</param>
/// <param name="Shortlist">pgvector against exact; null if left out.</param>
internal sealed record CatalogBenchReport(
    Machine Machine, CatalogBenchOptions Options, TransferReport? Store, TransferReport? Fetch, Samples? LagSeconds, ShortlistReport? Shortlist);

/// <summary>Bytes moved.</summary>
/// <param name="Images">Images.</param>
/// <param name="Bytes">Bytes of records and embeddings.</param>
/// <param name="Seconds">Time.</param>
/// <param name="PeakResidentBytes">Most memory this process had meanwhile.</param>
internal sealed record TransferReport(long Images, long Bytes, double Seconds, long PeakResidentBytes)
{
    /// <summary>Million bytes a second.</summary>
    public double MegabytesPerSecond => Bytes / Seconds / 1e6;
}

/// <summary>A shortlist in the database.</summary>
/// <param name="Data">What the vectors are.</param>
/// <param name="StoreSeconds">Time to store them.</param>
/// <param name="BuildSeconds">Time to build the nearest-neighbour indexes.</param>
/// <param name="Recall">Recall and times.</param>
/// <param name="LocalExactMs">The exact shortlist over float32 vectors in this process, as a replica takes it without Postgres.</param>
internal sealed record ShortlistReport(string Data, double StoreSeconds, double BuildSeconds, RecallReport? Recall, Samples LocalExactMs)
{
    /// <summary>The same queries with other numbers of candidates looked at; null if that was not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FactorReport>? Factors { get; init; }
}

/// <summary>A shortlist where the nearest-neighbour index looks more or less hard.</summary>
/// <param name="EfFactor">Candidates it looks at for each one that is wanted.</param>
/// <param name="Recall">Recall and times.</param>
internal sealed record FactorReport(double EfFactor, RecallReport Recall);
