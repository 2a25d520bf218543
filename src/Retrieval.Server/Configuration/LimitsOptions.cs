using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>How much work is taken at once, and for how long.</summary>
public sealed record LimitsOptions
{
    /// <summary>
    /// Most work that searches and scores may have waiting for the device or on it, in pairs. A request that
    /// comes when there is no room gets a 429 before anything is done. 0 chooses: eight searches of the default size, or eight
    /// batches of the device where that is more. More lets more callers wait, and all wait longer. Requests that cost more than
    /// a quarter of this limit do not count against it; at most four of them run at once.
    /// </summary>
    [Range(0, 1_000_000_000)]
    public long AdmittedPairs { get; init; }

    /// <summary>
    /// Requests of <c>/v1</c> read, parsed and answered at once, but for those of <see cref="WriteConcurrent"/>:
    /// a bound on memory. How many may compute is what <see cref="AdmittedPairs"/> says.
    /// </summary>
    [Range(1, 10_000)]
    public int Concurrent { get; init; } = 64;

    /// <summary>Requests of <c>/v1</c> that wait for one of those places. One more is a 429.</summary>
    [Range(0, 1_000_000)]
    public int Queue { get; init; }

    /// <summary>
    /// Requests worked on at once that store or delete an image or are about ingestions. They may have to wait
    /// for Postgres, or for the disk, and so have places of their own: no search waits for theirs.
    /// </summary>
    [Range(1, 10_000)]
    public int WriteConcurrent { get; init; } = 8;

    /// <summary>Such requests that wait for a place. One more is a 429.</summary>
    [Range(0, 1_000_000)]
    public int WriteQueue { get; init; } = 64;

    /// <summary>What <c>Retry-After</c> says on a 429 and on a 503, in seconds.</summary>
    [Range(1, 3600)]
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>Longest a request of <c>/v1</c> may take from when its body has come, waiting included, in seconds. Then it is a 504.</summary>
    [Range(0.05, 3600)]
    public double RequestTimeoutSeconds { get; init; } = 30;

    /// <summary>Most queries of one batch.</summary>
    [Range(1, 10_000)]
    public int BatchQueries { get; init; } = 64;

    /// <summary>Most candidates that the queries of one batch may have reranked, all shortlists together.</summary>
    [Range(1, 10_000_000)]
    public int BatchCandidates { get; init; } = 20_000;

    /// <summary>
    /// Seconds between a SIGTERM and the closing of the listening socket. Readiness is red meanwhile, so that
    /// whoever sends requests here has the time to notice.
    /// </summary>
    [Range(0, 600)]
    public double DrainDelaySeconds { get; init; }

    /// <summary>Seconds that requests in progress have to finish after that.</summary>
    [Range(0, 3600)]
    public double DrainSeconds { get; init; } = 30;
}
