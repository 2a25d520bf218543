using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Ingestion;

/// <summary>What <see cref="IngestBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Device">Where the encoders ran.</param>
/// <param name="Options">With what.</param>
/// <param name="Features">What the images of the corpora are.</param>
/// <param name="Runs">One a corpus size.</param>
internal sealed record IngestReport(Machine Machine, DeviceView Device, IngestOptions Options, string Features, IReadOnlyList<IngestRun> Runs);
