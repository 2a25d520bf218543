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
    private const string Lengths = "lengths";
    private readonly GraphSession _session;
    private readonly EncoderOutputs _outputs;
    private readonly BundleManifest _manifest;

    internal ImageEncoder(VerifiedBundle bundle, ComputeDevice device, InferenceOptions options)
    {
        _manifest = bundle.Manifest;
        _outputs = new EncoderOutputs(_manifest.Graphs.ImageEncoder, RecordSide.Image, _manifest.ImageFields, _manifest.EmbeddingWidth);
        var contract = new GraphContract().In(Regions, TensorElementType.Float, -1, _manifest.Regions.IsFixed ? _manifest.RegionCount : -1, _manifest.RegionWidth);
        if (!_manifest.Regions.IsFixed)
        {
            contract.In(Lengths, TensorElementType.Int64, -1);
        }

        _outputs.Declare(contract);
        _session = GraphSession.Create(bundle, _manifest.Graphs.ImageEncoder, contract, device, options);
    }

    /// <summary>Encodes a batch of images that all have R regions, the most that the bundle's manifest allows.</summary>
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

        var counts = new int[regions.Length / size];
        Array.Fill(counts, _manifest.RegionCount);
        return Run(regions, counts, _manifest.RegionCount, cancellationToken);
    }

    /// <summary>Encodes a batch of images, each with its own number of regions. Shorter ones are padded with zeros for the run, to the longest of the batch, and packed afterwards.</summary>
    /// <param name="regions">Float32 <c>[regions of all images, W]</c>, row-major, image after image.</param>
    /// <param name="counts">Number of regions of each image.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InvalidInputException">An image has more or fewer regions than the bundle takes, or the numbers do not add up to the values.</exception>
    public EncodedBatch Encode(Memory<float> regions, IReadOnlyList<int> counts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfZero(counts.Count);
        for (var i = 0; i < counts.Count; i++)
        {
            if (!_manifest.Regions.Contains(counts[i]))
            {
                throw new InvalidInputException($"has {counts[i]} regions; expected {_manifest.Regions}", row: i, field: Regions);
            }
        }

        var width = _manifest.RegionWidth;
        if (regions.Length != counts.Sum(count => (long)count * width))
        {
            throw new InvalidInputException($"got {regions.Length} values; expected {counts.Sum(count => (long)count)} regions × {width} values", field: Regions);
        }

        var most = counts.Max();
        return Run(counts.All(count => count == most) ? regions : Padded(regions.Span, counts, most * width), counts, most, cancellationToken);
    }

    private EncodedBatch Run(Memory<float> padded, IReadOnlyList<int> counts, int most, CancellationToken cancellationToken)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, padded, [counts.Count, most, _manifest.RegionWidth]);
        var inputs = new Dictionary<string, OrtValue> { [Regions] = input };
        if (_manifest.Regions.IsFixed)
        {
            return _outputs.Take(_session.Run(inputs, _outputs.Names, cancellationToken), null, 0, counts.Count);
        }

        long[] lengths = [.. counts.Select(count => (long)count)];
        using var lengthTensor = OrtValue.CreateTensorValueFromMemory(lengths, [lengths.Length]);
        inputs[Lengths] = lengthTensor;
        return _outputs.Take(_session.Run(inputs, _outputs.Names, cancellationToken), lengths, most, counts.Count);
    }

    private float[] Padded(ReadOnlySpan<float> regions, IReadOnlyList<int> counts, int size)
    {
        var padded = new float[checked(counts.Count * size)];
        for (var i = 0; i < counts.Count; i++)
        {
            var own = counts[i] * _manifest.RegionWidth;
            regions[..own].CopyTo(padded.AsSpan(i * size, own));
            regions = regions[own..];
        }

        return padded;
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
