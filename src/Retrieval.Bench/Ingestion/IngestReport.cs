using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Ingestion;

/// <summary>Results of <see cref="IngestBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Device">Where the encoders ran.</param>
/// <param name="Options">The options.</param>
/// <param name="Features">Description of the images of the corpora.</param>
/// <param name="Runs">One per corpus size.</param>
internal sealed record IngestReport(Machine Machine, DeviceView Device, IngestOptions Options, string Features, IReadOnlyList<IngestRun> Runs);
