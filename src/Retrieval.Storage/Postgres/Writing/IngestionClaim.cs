namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What a run is about to ingest. Only one run at a time may hold a part of a source.</summary>
/// <param name="SourceKey">Names the source in its checkpoints; at most 1024 bytes of UTF-8.</param>
/// <param name="SourceStamp">Identifies the state of the source. Another stamp makes the part start from the beginning.</param>
/// <param name="BatchRows">Rows encoded together. A resumed part keeps the number it began with, see
/// <see cref="CatalogIngestion.Ledger"/>.</param>
/// <param name="Worker">Who runs it, for people.</param>
public sealed record IngestionClaim(string SourceKey, string SourceStamp, int BatchRows, string Worker)
{
    /// <summary>Which part of the source, from 0.</summary>
    public int Part { get; init; }

    /// <summary>The number of parts the source is divided into.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Rows of the part, if known; for people.</summary>
    public long? TotalRows { get; init; }

    /// <summary>The source's row at which this part begins.</summary>
    public long FirstRow { get; init; }

    /// <summary>What is known of the source before its first row is read; for people.</summary>
    public CatalogFindings Findings { get; init; } = CatalogFindings.None;

    /// <summary>Starts at <see cref="FirstRow"/>, whatever the checkpoint says.</summary>
    public bool Restart { get; init; }

    /// <summary>Number of the run, new for every run.</summary>
    public Guid RunId { get; init; } = Guid.NewGuid();
}
