using System.Globalization;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>Says in readiness how far a bank has been copied into the device's memory, for as long as nothing is served.</summary>
internal static class BankLoading
{
    private const double Megabyte = 1e6;

    public static Action<BankProgress> Report(Readiness readiness) => progress =>
    {
        if (!readiness.IsLoaded)
        {
            var side = progress.Side == RecordSide.Image ? "images" : "captions";
            readiness.NotReady(string.Create(
                CultureInfo.InvariantCulture, $"copying the bank of {side} to the device: {progress.CopiedBytes / Megabyte:N0} of {progress.TotalBytes / Megabyte:N0} MB"));
        }
    };
}
