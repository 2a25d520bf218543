using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Encoding;

/// <summary>Encodes region features of images to records and coarse embeddings.</summary>
public sealed class ImageEncoder : IDisposable
{
    private const string Regions = "regions";
    private readonly GraphSession _session;
    private readonly EncoderOutputs _outputs;
    private readonly BundleManifest _manifest;

    internal ImageEncoder(VerifiedBundle bundle, ComputeDevice device, InferenceOptions options)
    {
        _manifest = bundle.Manifest;
        _outputs = new EncoderOutputs(_manifest.Graphs.ImageEncoder, RecordSide.Image, _manifest.ImageFields, _manifest.EmbeddingWidth);
        var contract = new GraphContract().In(Regions, TensorElementType.Float, -1, _manifest.RegionCount, _manifest.RegionWidth);
        _outputs.Declare(contract);
        _session = GraphSession.Create(bundle, _manifest.Graphs.ImageEncoder, contract, device, options);
    }

    /// <summary>Encodes a batch.</summary>
    /// <param name="regions">Float32 <c>[B, R, W]</c>, row-major, with R and W from the bundle's manifest.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InvalidInputException">The number of values is not a whole number of images.</exception>
    public EncodedBatch Encode(Memory<float> regions, CancellationToken cancellationToken = default)
    {
        var size = _manifest.RegionCount * _manifest.RegionWidth;
        if (regions.IsEmpty || regions.Length % size != 0)
        {
            throw new InvalidInputException($"got {regions.Length} values; expected a multiple of {_manifest.RegionCount} regions × {_manifest.RegionWidth} values", field: Regions);
        }

        var count = regions.Length / size;
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, regions, [count, _manifest.RegionCount, _manifest.RegionWidth]);
        var outputs = _session.Run(new Dictionary<string, OrtValue> { [Regions] = input }, _outputs.Names, cancellationToken);
        return _outputs.Take(outputs, null, 0, count);
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
