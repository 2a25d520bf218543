using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Start;

/// <summary>What <see cref="StartBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Device">Where the graphs ran.</param>
/// <param name="Images">Images in the index.</param>
/// <param name="LoadSeconds">Bundle and index, until the first query can be answered.</param>
/// <param name="FirstQueryMs">The first query.</param>
/// <param name="LaterQueryMs">The queries after it.</param>
internal sealed record StartReport(Machine Machine, DeviceView Device, long Images, Samples LoadSeconds, Samples FirstQueryMs, Samples LaterQueryMs);
