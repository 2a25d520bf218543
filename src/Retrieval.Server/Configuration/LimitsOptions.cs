using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>How much work is accepted at once, and for how long.</summary>
public sealed record LimitsOptions
{
    /// <summary>
    /// Most work of searches and scores that may be waiting for the device or running on it, in pairs. A request for which there
    /// is no room gets a 429 before anything is done. 0 chooses: eight searches of the default size, or eight batches of the
    /// device if that is more. A larger number lets more callers wait, and all wait longer. Requests that cost more than a quarter
    /// of this limit do not count against it; at most four of them run at once.
    /// </summary>
    [Range(0, 1_000_000_000)]
    public long AdmittedPairs { get; init; }

    /// <summary>
    /// Requests of <c>/v1</c> that are read, parsed and answered at once, except those of <see cref="WriteConcurrent"/>: limits
    /// memory. <see cref="AdmittedPairs"/> limits how many may compute. Where callers are told apart, one who holds all of these permits
    /// does not keep another out: up to four times as many are given.
    /// </summary>
    [Range(1, 10_000)]
    public int Concurrent { get; init; } = 64;

    /// <summary>Requests of <c>/v1</c> that may wait for one of those permits. One more is a 429.</summary>
    [Range(0, 1_000_000)]
    public int Queue { get; init; }

    /// <summary>
    /// Requests handled at once that store or delete an image or concern ingestions. They may have to wait for Postgres or for the
    /// disk, and so have their own permits: no search waits for them.
    /// </summary>
    [Range(1, 10_000)]
    public int WriteConcurrent { get; init; } = 8;

    /// <summary>Such requests that may wait for a permit. One more is a 429.</summary>
    [Range(0, 1_000_000)]
    public int WriteQueue { get; init; } = 64;

    /// <summary>Value of <c>Retry-After</c> on a 429 and on a 503, in seconds.</summary>
    [Range(1, 3600)]
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>
    /// Longest time for a request of <c>/v1</c>, <c>/metrics</c> and <c>/openapi/v1.json</c> after its body has arrived, including waiting,
    /// in seconds. Then it is a 504, and an answer that has begun and is not read is cut off.
    /// </summary>
    [Range(0.05, 3600)]
    public double RequestTimeoutSeconds { get; init; } = 30;

    /// <summary>Most queries of one batch request.</summary>
    [Range(1, 10_000)]
    public int BatchQueries { get; init; } = 64;

    /// <summary>Most candidates that the queries of one batch request may have reranked, all shortlists together.</summary>
    [Range(1, 10_000_000)]
    public int BatchCandidates { get; init; } = 20_000;

    /// <summary>
    /// Seconds between a SIGTERM and the closing of the listening socket. Readiness is red during this time, so that load
    /// balancers can notice.
    /// </summary>
    [Range(0, 600)]
    public double DrainDelaySeconds { get; init; }

    /// <summary>Seconds that requests in progress have to finish after that.</summary>
    [Range(0, 3600)]
    public double DrainSeconds { get; init; } = 30;

    /// <summary>
    /// Seconds that one batch may run before the process is given up: liveness is red, and the process ends, to be started again.
    /// Nothing can stop a batch that runs.
    /// </summary>
    [Range(1, 86_400)]
    public double HungSeconds { get; init; } = 120;
}
