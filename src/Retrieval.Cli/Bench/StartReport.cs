namespace Retrieval.Cli.Bench;

/// <summary>What <see cref="StartBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Images">Images in the index.</param>
/// <param name="LoadSeconds">Bundle and index, until the first query can be answered.</param>
/// <param name="FirstQueryMs">The first query.</param>
/// <param name="LaterQueryMs">The queries after it.</param>
internal sealed record StartReport(Machine Machine, long Images, Samples LoadSeconds, Samples FirstQueryMs, Samples LaterQueryMs);
