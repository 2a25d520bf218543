using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>How far a bank has been copied into device memory.</summary>
/// <param name="Side">Whether it holds images or captions.</param>
/// <param name="CopiedBytes">Bytes copied so far.</param>
/// <param name="TotalBytes">Bytes to copy in total.</param>
public readonly record struct BankProgress(RecordSide Side, long CopiedBytes, long TotalBytes);
