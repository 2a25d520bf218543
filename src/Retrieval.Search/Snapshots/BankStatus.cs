using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;

namespace Retrieval.Search.Snapshots;

/// <summary>A served bank.</summary>
/// <param name="Side">Whether it holds images or captions.</param>
/// <param name="Rows">Items, including deleted ones.</param>
/// <param name="Capacity">Items that fit without growing.</param>
/// <param name="Bytes">Bytes of the rows.</param>
/// <param name="ResidentBytes">Bytes of device memory in use; 0 if the bank is the mapped index itself.</param>
public sealed record BankStatus(RecordSide Side, long Rows, long Capacity, long Bytes, long ResidentBytes)
{
    internal static BankStatus Of(FeatureBank bank) => new(bank.Records.Side, bank.Rows, bank.Capacity, bank.Bytes, bank.ResidentBytes);
}
