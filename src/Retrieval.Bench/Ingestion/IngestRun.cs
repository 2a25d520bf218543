namespace Retrieval.Bench.Ingestion;

/// <summary>The ingestion of one corpus, by its own process.</summary>
/// <param name="Images">Images of the corpus.</param>
/// <param name="RowsPerSecond">Images stored per second, with their captions.</param>
/// <param name="EncoderRowsPerSecond">Images per second of the encoders alone, with the same batch size, right before the run.</param>
/// <param name="ShareOfEncoders">The first rate divided by the second.</param>
/// <param name="PeakResidentBytes">Peak memory of the process (<c>VmHWM</c>).</param>
/// <param name="IndexBytes">Size of the index after the run.</param>
internal sealed record IngestRun(int Images, double RowsPerSecond, double EncoderRowsPerSecond, double ShareOfEncoders, long PeakResidentBytes, long IndexBytes);
