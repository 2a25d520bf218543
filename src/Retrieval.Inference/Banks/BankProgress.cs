using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>How far a bank has been copied into a device's memory.</summary>
/// <param name="Side">Whose records.</param>
/// <param name="CopiedBytes">What has been copied.</param>
/// <param name="TotalBytes">What there is to copy.</param>
public readonly record struct BankProgress(RecordSide Side, long CopiedBytes, long TotalBytes);
