using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Banks;

/// <summary>A bank does not fit into device memory. Nothing has been copied, and what was served before is still served.</summary>
public sealed class BankTooLargeException(string message, long neededBytes, long availableBytes) : RetrievalException(message)
{
    /// <summary>Bytes that the bank's rows need, without spare room.</summary>
    public long NeededBytes { get; } = neededBytes;

    /// <summary>Bytes that were available.</summary>
    public long AvailableBytes { get; } = availableBytes;
}
