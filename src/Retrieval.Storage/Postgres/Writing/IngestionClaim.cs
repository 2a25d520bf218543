namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What a run is about to ingest. One run at a time may have a part of a source.</summary>
/// <param name="SourceKey">Names the source in the ledger; at most 1024 bytes of UTF-8.</param>
/// <param name="SourceStamp">Which state of the source: another one begins anew.</param>
/// <param name="BatchRows">Rows encoded together. A part that is resumed keeps to the number it began with, see <see cref="CatalogIngestion.Ledger"/>.</param>
/// <param name="Worker">Who runs it, for people.</param>
public sealed record IngestionClaim(string SourceKey, string SourceStamp, int BatchRows, string Worker)
{
    /// <summary>Which part of the source, from 0.</summary>
    public int Part { get; init; }

    /// <summary>Into how many parts the source is divided.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Rows of the part, if known; for people.</summary>
    public long? TotalRows { get; init; }

    /// <summary>The source's row at which this part begins.</summary>
    public long FirstRow { get; init; }

    /// <summary>Begin at <see cref="FirstRow"/> whatever the ledger says.</summary>
    public bool Restart { get; init; }

    /// <summary>Number of the run, new for every run.</summary>
    public Guid RunId { get; init; } = Guid.NewGuid();
}
