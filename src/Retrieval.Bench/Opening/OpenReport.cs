namespace Retrieval.Bench.Opening;

/// <summary>What <see cref="OpenBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Options">With what.</param>
/// <param name="FromNothing">Each further generation as a process opens it that has none yet.</param>
/// <param name="FromFormer">The same as a replica opens it that has the one before.</param>
internal sealed record OpenReport(Machine Machine, OpenOptions Options, OpeningTimes FromNothing, OpeningTimes FromFormer);

/// <summary>The two parts of opening an index.</summary>
/// <param name="OpenMs">Milliseconds until it is mapped and checked.</param>
/// <param name="LookupsMs">Milliseconds from there until images are found by their ids.</param>
internal sealed record OpeningTimes(Samples OpenMs, Samples LookupsMs);
