using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Progress of one part of a source.</summary>
/// <param name="Part">Which part, from 0.</param>
/// <param name="Ledger">Its checkpoint.</param>
public sealed record CatalogPart(int Part, SourceCheckpoint Ledger)
{
    /// <summary>Which state of the source.</summary>
    public string SourceStamp => Ledger.SourceStamp;

    /// <summary>Rows encoded together.</summary>
    public int BatchRows => Ledger.BatchRows;

    /// <summary>First row that is not committed yet.</summary>
    public long NextRow => Ledger.NextRow;

    /// <summary>Whether the part was read to its end.</summary>
    public bool Completed => Ledger.Completed;
}
