using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What an index of the catalog holds, and what it takes.</summary>
/// <param name="Index">Which.</param>
/// <param name="Images">Live images.</param>
/// <param name="Captions">Their captions.</param>
/// <param name="Tombstones">Deleted images whose rows are kept for replicas.</param>
/// <param name="Tables">Bytes of each table, its own indexes and what is stored outside of its rows included.</param>
/// <param name="Nearest">Bytes of the nearest-neighbour indexes that are there, by collection.</param>
/// <param name="Ledger">Progress of its sources.</param>
public sealed record IndexStatus(
    CatalogIndex Index,
    long Images,
    long Captions,
    long Tombstones,
    IReadOnlyDictionary<string, long> Tables,
    IReadOnlyDictionary<string, long> Nearest,
    IReadOnlyList<PartStatus> Ledger);
