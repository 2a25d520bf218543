namespace Retrieval.Bench.Opening;

/// <summary>Results of <see cref="OpenBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Options">The options.</param>
/// <param name="FromNothing">Opening each further generation in a process that has no earlier one open.</param>
/// <param name="FromFormer">Opening each further generation in a replica that has the previous one open.</param>
internal sealed record OpenReport(Machine Machine, OpenOptions Options, OpeningTimes FromNothing, OpeningTimes FromFormer);

/// <summary>The two parts of opening an index.</summary>
/// <param name="OpenMs">Milliseconds until it is mapped and checked.</param>
/// <param name="LookupsMs">Milliseconds from then until images can be found by their ids.</param>
internal sealed record OpeningTimes(Samples OpenMs, Samples LookupsMs);
