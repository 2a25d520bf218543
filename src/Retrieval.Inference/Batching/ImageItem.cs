using Retrieval.Inference.Encoding;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>An image to encode as a query. Dispose of the result.</summary>
public sealed class ImageItem : WorkItem<EncodedBatch>
{
    /// <summary>
    /// Cost of one image, in pairs: on two cores at D=1024 an image took 3.7 ms, as long as ten pairs (docs/benchmarks.md).
    /// </summary>
    public const long CostOfOne = 10;

    /// <summary>Creates the item.</summary>
    /// <param name="batcher">A <see cref="BatcherOf"/> the encoder.</param>
    /// <param name="regions">Float32 <c>[R, W]</c>, row-major, with a number of regions R that the bundle takes.</param>
    /// <param name="width">W, from the bundle's manifest.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public ImageItem(SingleBatcher<ImageItem> batcher, Memory<float> regions, int width, WorkLimits limits)
        : base(batcher, 1, CostOfOne, limits) => (Regions, RegionCount) = (regions, regions.Length / width);

    /// <summary>Encodes such items.</summary>
    public static SingleBatcher<ImageItem> BatcherOf(ImageEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return new(WorkKinds.Encode, item => item.Given = encoder.Encode(item.Regions, [item.RegionCount]));
    }

    internal Memory<float> Regions { get; }

    internal int RegionCount { get; }

    /// <summary>The encoder's result; null before that, and if the item was abandoned.</summary>
    internal EncodedBatch? Given { get; set; }

    /// <inheritdoc/>
    protected override EncodedBatch GetResult() => Given!;

    /// <inheritdoc/>
    protected override void Discard()
    {
        Given?.Dispose();
        Given = null;
    }
}
