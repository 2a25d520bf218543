using Retrieval.Domain.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Verification;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Search.Snapshots;

/// <summary>What is served.</summary>
/// <param name="Label">Name and shortened fingerprint of the model.</param>
/// <param name="Fingerprint">The bundle's full fingerprint.</param>
/// <param name="Manifest">The bundle's manifest.</param>
/// <param name="Provider">The runtime's name for the execution provider of the graphs.</param>
/// <param name="Images">Live images.</param>
/// <param name="Captions">Live captions.</param>
/// <param name="IndexEpoch">Generation of the index; for an index of the catalog, its epoch there.</param>
/// <param name="ManifestFault">Fault of one of the index's two manifest files; null if both are intact. The served data is intact either way.</param>
/// <param name="Parity">How far this machine's results are from those recorded at export.</param>
public sealed record SnapshotStatus(
    string Label,
    string Fingerprint,
    BundleManifest Manifest,
    string Provider,
    long Images,
    long Captions,
    long IndexEpoch,
    string? ManifestFault,
    ParityReport Parity)
{
    /// <summary>The device, and why it was chosen: for people to read.</summary>
    public required ComputeDevice Device { get; init; }

    /// <summary>The banks of images and of captions: rows, their bytes, and bytes of device memory in use.</summary>
    public required IReadOnlyList<BankStatus> Banks { get; init; }

    /// <summary>Most pairs in one batch of a scorer.</summary>
    public required int PairsPerCall { get; init; }

    /// <summary>The catalog's index that is served; null in embedded mode.</summary>
    public ServedIndex? Served { get; init; }

    internal static string? Describe(IReadOnlyList<ManifestFault> faults) => faults.Count == 0 ? null : string.Join("; ", faults);

    internal static SnapshotStatus Of(SearchSnapshot snapshot)
    {
        var (model, index) = (snapshot.Model, snapshot.Index);
        return new SnapshotStatus(
            model.Label, model.Fingerprint, model.Manifest, model.Provider, index.Images.Count, index.Captions.Count, snapshot.Epoch, Describe(index.ManifestFaults), model.Parity)
        {
            Device = model.Device,
            Banks = [BankStatus.Of(snapshot.ImageBank), BankStatus.Of(snapshot.CaptionBank)],
            PairsPerCall = model.TextToImage.PairsPerCall,
            Served = snapshot.Served,
        };
    }
}
