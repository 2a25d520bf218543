using Retrieval.Domain.Bundles;
using Retrieval.Inference.Verification;

namespace Retrieval.Search.Snapshots;

/// <summary>What is being served.</summary>
/// <param name="Label">Name and shortened fingerprint of the model.</param>
/// <param name="Fingerprint">The bundle's fingerprint, whole.</param>
/// <param name="Manifest">The bundle's manifest.</param>
/// <param name="Provider">The runtime's name of where the graphs run.</param>
/// <param name="Images">Live images.</param>
/// <param name="Captions">Live captions.</param>
/// <param name="IndexEpoch">Generation of the index.</param>
/// <param name="OpenedPrevious">Whether the index's newest generation was torn when this one was opened, and this is the one before it.</param>
/// <param name="Parity">How far this machine's results are from those recorded at export.</param>
public sealed record SnapshotStatus(
    string Label,
    string Fingerprint,
    BundleManifest Manifest,
    string Provider,
    long Images,
    long Captions,
    long IndexEpoch,
    bool OpenedPrevious,
    ParityReport Parity);
