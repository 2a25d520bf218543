using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What an index of the catalog holds, and how much space it takes.</summary>
/// <param name="Index">The index.</param>
/// <param name="Images">Number of live images.</param>
/// <param name="Captions">Number of their captions.</param>
/// <param name="Tombstones">Number of deleted images whose rows are kept for replicas.</param>
/// <param name="Tables">Bytes of each table, including its own indexes and the values stored outside its rows.</param>
/// <param name="Nearest">Bytes of the existing nearest-neighbour indexes, by collection.</param>
/// <param name="Ledger">Checkpoints of its sources.</param>
/// <param name="Runs">Its latest runs, newest first.</param>
public sealed record IndexStatus(
    CatalogIndex Index,
    long Images,
    long Captions,
    long Tombstones,
    IReadOnlyDictionary<string, long> Tables,
    IReadOnlyDictionary<string, long> Nearest,
    IReadOnlyList<PartStatus> Ledger,
    IReadOnlyList<CatalogRun> Runs);
