using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Start;

/// <summary>Results of <see cref="StartBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Device">Where the graphs ran.</param>
/// <param name="Images">Images in the index.</param>
/// <param name="LoadSeconds">Loading of bundle and index, until the first query can be answered.</param>
/// <param name="FirstQueryMs">Time of the first query.</param>
/// <param name="LaterQueryMs">Times of the queries after it.</param>
internal sealed record StartReport(Machine Machine, DeviceView Device, long Images, Samples LoadSeconds, Samples FirstQueryMs, Samples LaterQueryMs);
