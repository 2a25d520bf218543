namespace Retrieval.Bench.Ingestion;

/// <summary>The ingestion of one corpus, by a process of its own.</summary>
/// <param name="Images">Images of the corpus.</param>
/// <param name="RowsPerSecond">Images stored a second, with their captions.</param>
/// <param name="EncoderRowsPerSecond">Images a second of the encoders alone, on batches of the same size, right before the run.</param>
/// <param name="ShareOfEncoders">The one over the other.</param>
/// <param name="PeakResidentBytes">Most memory the process ever had in use (<c>VmHWM</c>).</param>
/// <param name="IndexBytes">Size of the index afterwards.</param>
internal sealed record IngestRun(int Images, double RowsPerSecond, double EncoderRowsPerSecond, double ShareOfEncoders, long PeakResidentBytes, long IndexBytes);
