using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;

namespace Retrieval.Search.Snapshots;

/// <summary>A bank that is served.</summary>
/// <param name="Side">Whose records.</param>
/// <param name="Rows">Items, deleted ones included.</param>
/// <param name="Capacity">Items there is room for without growing.</param>
/// <param name="Bytes">Bytes of the rows.</param>
/// <param name="ResidentBytes">Bytes of the device's memory taken; 0 where the bank is the mapped index itself.</param>
public sealed record BankStatus(RecordSide Side, long Rows, long Capacity, long Bytes, long ResidentBytes)
{
    internal static BankStatus Of(FeatureBank bank) => new(bank.Records.Side, bank.Rows, bank.Capacity, bank.Bytes, bank.ResidentBytes);
}
