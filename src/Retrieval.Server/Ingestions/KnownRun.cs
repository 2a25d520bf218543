using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>A run as a run registry knows it. Counts are of committed rows; paths are in the form shown to callers.</summary>
internal sealed record KnownRun
{
    /// <summary>Identifier of the run.</summary>
    public required Guid Id { get; init; }

    /// <summary>State of the run.</summary>
    public RunStanding Standing { get; init; }

    /// <summary>Why it ended, if it did not complete; if it completed, what was done at the end.</summary>
    public string? Message { get; init; }

    /// <summary>Name of the index in the catalog; null for a local one.</summary>
    public string? Index { get; init; }

    /// <summary>The source.</summary>
    public required string Source { get; init; }

    /// <summary>Which part of the source, from 0.</summary>
    public int Part { get; init; }

    /// <summary>Number of parts the source is divided into.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Who runs it.</summary>
    public required string Worker { get; init; }

    /// <summary>Whether someone asked it to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Row of the source where it began.</summary>
    public long FirstRow { get; init; }

    /// <summary>First row that is not committed.</summary>
    public long NextRow { get; init; }

    /// <summary>Rows that are stored but not committed yet.</summary>
    public long Uncommitted { get; init; }

    /// <summary>Rows of the source or its part; null if they are not counted.</summary>
    public long? TotalRows { get; init; }

    /// <summary>Rows it stored, including those that replaced an image.</summary>
    public long Stored { get; init; }

    /// <summary>Number of them that replaced an image.</summary>
    public long Replaced { get; init; }

    /// <summary>Rows that the index already held unchanged.</summary>
    public long Skipped { get; init; }

    /// <summary>Rows that were rejected.</summary>
    public long Rejected { get; init; }

    /// <summary>Captions it stored.</summary>
    public long Captions { get; init; }

    /// <summary>Its rate.</summary>
    public double RowsPerSecond { get; init; }

    /// <summary>Estimated time to its end; null if it cannot be estimated or the run has ended.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last made progress.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended; null if it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What it found out about its source; empty in lists.</summary>
    public IngestionFindings Findings { get; init; } = IngestionFindings.None;

    /// <summary>The first rejected rows; empty in lists.</summary>
    public IReadOnlyList<RejectedSample> FirstRejects { get; init; } = [];
}
