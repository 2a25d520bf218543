using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Banks;

/// <summary>A bank does not fit into the device's memory. Nothing has been copied, and what was there before serves on.</summary>
public sealed class BankTooLargeException(string message, long neededBytes, long availableBytes) : RetrievalException(message)
{
    /// <summary>What the bank's rows take, without spare room.</summary>
    public long NeededBytes { get; } = neededBytes;

    /// <summary>What could be taken.</summary>
    public long AvailableBytes { get; } = availableBytes;
}
