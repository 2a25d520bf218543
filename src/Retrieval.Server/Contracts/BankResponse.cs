using Retrieval.Inference.Records;
using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Contracts;

/// <summary>The records of one side.</summary>
/// <param name="Side"><c>image</c> or <c>caption</c>.</param>
/// <param name="Rows">Records, including deleted ones.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="ResidentBytes">Bytes of device memory in use, including spare room; 0 if they are read from the mapped index.</param>
public sealed record BankResponse(string Side, long Rows, long Bytes, long ResidentBytes)
{
    internal static BankResponse Of(BankStatus bank) => new(bank.Side == RecordSide.Image ? "image" : "caption", bank.Rows, bank.Bytes, bank.ResidentBytes);
}
