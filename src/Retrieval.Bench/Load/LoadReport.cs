namespace Retrieval.Bench.Load;

/// <summary>Results of <see cref="LoadBench"/>.</summary>
/// <param name="Machine">The machine of the generator.</param>
/// <param name="Options">The options.</param>
/// <param name="Server">The measured server.</param>
/// <param name="Queries">Number of different captions and images used as queries.</param>
/// <param name="Levels">Each level, in the order they ran.</param>
/// <param name="Capacity">Highest rate of answers of the closed loop; null if none ran.</param>
/// <param name="PeakInFlight">Most requests that waited at once in an open loop.</param>
/// <param name="Overload">How the server handled overload; null if it was not tested.</param>
/// <param name="Metrics">What the server's own metrics say about the run; null if they could not be read.</param>
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
