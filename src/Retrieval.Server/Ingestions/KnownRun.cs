using Retrieval.Features.Sources;

namespace Retrieval.Server.Ingestions;

/// <summary>A run as a ledger knows it. Counts are of committed rows; paths are as callers may see them.</summary>
internal sealed record KnownRun
{
    /// <summary>Its number.</summary>
    public required Guid Id { get; init; }

    /// <summary>How it stands.</summary>
    public RunStanding Standing { get; init; }

    /// <summary>Why it ended, if it did not complete; of one that completed, what was done at the end.</summary>
    public string? Message { get; init; }

    /// <summary>Name of the index in the catalog; null for a local one.</summary>
    public string? Index { get; init; }

    /// <summary>The source.</summary>
    public required string Source { get; init; }

    /// <summary>Which part of the source, from 0.</summary>
    public int Part { get; init; }

    /// <summary>Into how many parts it is divided.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Who runs it.</summary>
    public required string Worker { get; init; }

    /// <summary>Whether somebody asked it to end.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Row of the source it began at.</summary>
    public long FirstRow { get; init; }

    /// <summary>First row that is not committed.</summary>
    public long NextRow { get; init; }

    /// <summary>Rows that are stored and not committed yet.</summary>
    public long Uncommitted { get; init; }

    /// <summary>Rows of the source or its part; null if they are not counted.</summary>
    public long? TotalRows { get; init; }

    /// <summary>Rows it stored, those that replaced an image included.</summary>
    public long Stored { get; init; }

    /// <summary>Those of them that took the place of an image.</summary>
    public long Replaced { get; init; }

    /// <summary>Rows the index held unchanged.</summary>
    public long Skipped { get; init; }

    /// <summary>Rows refused.</summary>
    public long Rejected { get; init; }

    /// <summary>Captions it stored.</summary>
    public long Captions { get; init; }

    /// <summary>Its rate.</summary>
    public double RowsPerSecond { get; init; }

    /// <summary>Estimated time to its end; null if it cannot be told or has ended.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last got on.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended; null if it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The first refused rows; none in lists.</summary>
    public IReadOnlyList<RejectedSample> FirstRejects { get; init; } = [];
}
