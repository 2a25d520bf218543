namespace Retrieval.Bench.Load;

/// <summary>What <see cref="LoadBench"/> found.</summary>
/// <param name="Machine">Where the generator ran.</param>
/// <param name="Options">With what.</param>
/// <param name="Server">Whom it asked.</param>
/// <param name="Queries">Different captions and images it asked with.</param>
/// <param name="Levels">Each level, in the order they ran.</param>
/// <param name="Capacity">Best rate of answers of the closed loop; null where none ran.</param>
/// <param name="PeakInFlight">Most requests that waited at once in an open loop.</param>
/// <param name="Overload">How it bore overload; null if it was not asked.</param>
/// <param name="Metrics">What the server's own metrics say of the run; null if they could not be read.</param>
internal sealed record LoadReport(
    Machine Machine,
    LoadOptions Options,
    ServerFacts Server,
    QueryCounts Queries,
    IReadOnlyList<LevelReport> Levels,
    double? Capacity,
    int PeakInFlight,
    OverloadReport? Overload,
    MetricsReport? Metrics);
