namespace Retrieval.Storage.Postgres.Writing;

/// <summary>One ingestion run, as the run registry holds it.</summary>
/// <param name="RunId">Its number.</param>
/// <param name="Index">Name of the index.</param>
/// <param name="SourceKey">Its source.</param>
/// <param name="Part">Which part of the source, from 0.</param>
/// <param name="Parts">The number of parts the source is divided into.</param>
/// <param name="Worker">Who runs it.</param>
/// <param name="State">Its state.</param>
/// <param name="Message">Why it ended, if it did not complete.</param>
public sealed record CatalogRun(Guid RunId, string Index, string SourceKey, int Part, int Parts, string Worker, RunState State, string? Message)
{
    /// <summary>Whether its process is connected. A running run that is not connected was cut off and may reconnect.</summary>
    public bool Connected { get; init; }

    /// <summary>Whether somebody asked it to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>The source's row at which it began.</summary>
    public long FirstRow { get; init; }

    /// <summary>First row that is not committed yet.</summary>
    public long NextRow { get; init; }

    /// <summary>Rows of the part; null if not known.</summary>
    public long? TotalRows { get; init; }

    /// <summary>Rows it stored, including those that replaced an image.</summary>
    public long Ingested { get; init; }

    /// <summary>Rows that replaced another version.</summary>
    public long Replaced { get; init; }

    /// <summary>Rows whose content the index already held.</summary>
    public long Skipped { get; init; }

    /// <summary>Rows refused.</summary>
    public long Rejected { get; init; }

    /// <summary>Captions it stored.</summary>
    public long Captions { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last committed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended; null if it has not reported its end.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What it found out about its source; empty in lists of runs, and where its program was of a version that did not store it.</summary>
    public CatalogFindings Findings { get; init; } = CatalogFindings.None;

    /// <summary>Its first rejects; empty in lists of runs.</summary>
    public IReadOnlyList<CatalogReject> FirstRejects { get; init; } = [];
}
