using System.Globalization;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>Reports in readiness how far a bank has been copied into device memory, as long as nothing is served.</summary>
internal sealed class BankLoading(Readiness readiness) : IProgress<BankProgress>
{
    private const double Megabyte = 1e6;

    public void Report(BankProgress value)
    {
        if (!readiness.IsLoaded)
        {
            var side = value.Side == RecordSide.Image ? "images" : "captions";
            readiness.NotReady(string.Create(
                CultureInfo.InvariantCulture, $"copying the bank of {side} to the device: {value.CopiedBytes / Megabyte:N0} of {value.TotalBytes / Megabyte:N0} MB"));
        }
    }
}
