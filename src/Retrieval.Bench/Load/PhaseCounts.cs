namespace Retrieval.Bench.Load;

/// <summary>Results of a phase. Times are in milliseconds.</summary>
internal sealed record PhaseCounts
{
    /// <summary>Measured seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that were due in the phase and were sent.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that were due and not sent, because the maximum number was already waiting for answers.</summary>
    public required long NotSent { get; init; }

    /// <summary>Answers with 200.</summary>
    public required long Answered { get; init; }

    /// <summary>Answers with 429.</summary>
    public required long Shed { get; init; }

    /// <summary>Those of them with <c>Retry-After</c>.</summary>
    public required long ShedWithRetryAfter { get; init; }

    /// <summary>Answers with 504.</summary>
    public required long Late { get; init; }

    /// <summary>Answers with other statuses.</summary>
    public required long Refused { get; init; }

    /// <summary>No answer: connection, timeout, broken body.</summary>
    public required long Failed { get; init; }

    /// <summary>Clients that disconnected on purpose.</summary>
    public required long Left { get; init; }

    /// <summary>Requests per second that ended within the phase, without those whose client disconnected.</summary>
    public required double DonePerSecond { get; init; }

    /// <summary>Those of them that were answered with 200: the goodput.</summary>
    public required double GoodPerSecond { get; init; }

    /// <summary>Latency of answers with 200, from when they were due. In a closed loop a request is due when it is sent.</summary>
    public required Latencies? AnsweredMs { get; init; }

    /// <summary>Latency of answers with 429.</summary>
    public required Latencies? ShedMs { get; init; }

    /// <summary>From when a request was due to when it was sent: the generator's own delay, included in the latencies.</summary>
    public required Latencies? SentLateMs { get; init; }

    /// <summary>Time beyond the deadline (0 if it was met) of answers with 200 and 504, from when they were sent.</summary>
    public required Latencies? OverrunMs { get; init; }

    /// <summary>The server's stages, from <c>Server-Timing</c>.</summary>
    public required IReadOnlyDictionary<string, Latencies> StagesMs { get; init; }

    /// <summary>Answers by status.</summary>
    public required IReadOnlyDictionary<string, long> Statuses { get; init; }

    /// <summary>Failures by kind.</summary>
    public required IReadOnlyDictionary<string, long> Faults { get; init; }

    /// <summary>Degraded answers by reason.</summary>
    public required IReadOnlyDictionary<string, long> Degraded { get; init; }
}
