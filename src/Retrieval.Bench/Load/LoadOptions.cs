using System.Text.Json.Serialization;

namespace Retrieval.Bench.Load;

/// <summary>What <see cref="LoadBench"/> measures.</summary>
internal sealed record LoadOptions
{
    /// <summary>Address of the server.</summary>
    public required Uri Server { get; init; }

    /// <summary>File with the key or token that each request carries as <c>Authorization: Bearer</c>; null for none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>What is searched for.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<QueryKind>))]
    public QueryKind Kind { get; init; }

    /// <summary>File of captions to use as queries, one per line; null for those of the server's images.</summary>
    public string? Captions { get; init; }

    /// <summary>File of image ids to use as queries, one per line; null for those that the server finds.</summary>
    public string? Ids { get; init; }

    /// <summary>Numbers of clients of the closed loop.</summary>
    public IReadOnlyList<int> Concurrency { get; init; } = [1, 8, 32];

    /// <summary>Rates of the open loop; empty for a closed loop.</summary>
    public IReadOnlyList<LoadRate> Rates { get; init; } = [];

    /// <summary>Whether to overload the server and measure its recovery.</summary>
    public bool Overload { get; init; }

    /// <summary>Most requests that may wait for answers in an open loop.</summary>
    public int InFlight { get; init; } = 512;

    /// <summary>Measured seconds of each level.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Number of requests after which a level ends early; null for no limit.</summary>
    public int? Queries { get; init; }

    /// <summary>Unmeasured seconds before each level.</summary>
    public double WarmUpSeconds { get; init; } = 2;

    /// <summary>Hits asked for.</summary>
    public required int Top { get; init; }

    /// <summary>Candidates to rerank; null for as many as the server says.</summary>
    public int? Shortlist { get; init; }

    /// <summary>Deadline of each request in milliseconds; null for none.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>Share of clients that disconnect before they have their answer, 0 to 1.</summary>
    public double Disconnect { get; init; }

    /// <summary>Milliseconds within which they disconnect, each after a random part of them.</summary>
    public int DisconnectWithinMs { get; init; } = 50;

    /// <summary>Milliseconds after which the client stops waiting for an answer.</summary>
    public int TimeoutMs { get; init; } = 60_000;

    /// <summary>Seed of arrivals, queries and disconnects.</summary>
    public int Seed { get; init; } = 1;
}
