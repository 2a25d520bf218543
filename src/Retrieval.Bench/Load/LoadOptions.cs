using System.Text.Json.Serialization;

namespace Retrieval.Bench.Load;

/// <summary>What <see cref="LoadBench"/> measures.</summary>
internal sealed record LoadOptions
{
    /// <summary>Address of the server.</summary>
    public required Uri Server { get; init; }

    /// <summary>What is searched for.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<QueryKind>))]
    public QueryKind Kind { get; init; }

    /// <summary>File of captions to ask with, one a line; null for those of the server's images.</summary>
    public string? Captions { get; init; }

    /// <summary>File of image ids to ask with, one a line; null for those the server finds.</summary>
    public string? Ids { get; init; }

    /// <summary>Numbers of clients of the closed loop.</summary>
    public IReadOnlyList<int> Concurrency { get; init; } = [1, 8, 32];

    /// <summary>Rates of the open loop; empty for a closed loop.</summary>
    public IReadOnlyList<LoadRate> Rates { get; init; } = [];

    /// <summary>Whether to overload the server and watch it recover.</summary>
    public bool Overload { get; init; }

    /// <summary>Most requests that wait for their answers in an open loop.</summary>
    public int InFlight { get; init; } = 512;

    /// <summary>Seconds each level is measured.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Requests after which a level ends before its time; null for no such number.</summary>
    public int? Queries { get; init; }

    /// <summary>Seconds before each level that do not count.</summary>
    public double WarmUpSeconds { get; init; } = 2;

    /// <summary>Hits asked for.</summary>
    public required int Top { get; init; }

    /// <summary>Candidates to rerank.</summary>
    public required int Shortlist { get; init; }

    /// <summary>Deadline of each request in milliseconds; null for none.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>Share of clients that leave before they have their answer, 0 to 1.</summary>
    public double Disconnect { get; init; }

    /// <summary>Milliseconds within which they leave, each after a random part of them.</summary>
    public int DisconnectWithinMs { get; init; } = 50;

    /// <summary>Milliseconds after which an answer is no longer waited for.</summary>
    public int TimeoutMs { get; init; } = 60_000;

    /// <summary>Seed of arrivals, queries and departures.</summary>
    public int Seed { get; init; } = 1;
}
