using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>A caption to encode.</summary>
public sealed class CaptionItem : WorkItem<EncodedCaption>
{
    /// <summary>
    /// What one caption costs, in pairs: on two cores at D=1024 a caption took 5 ms and 13 pairs as long
    /// (docs/benchmarks.md).
    /// </summary>
    public const long CostOfOne = 16;

    /// <summary>Makes it.</summary>
    /// <param name="batcher">The encoder.</param>
    /// <param name="tokenIds">Token ids, the start and the end token included.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public CaptionItem(IBatcher batcher, long[] tokenIds, WorkLimits limits)
        : base(batcher, 1, CostOfOne, limits)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        TokenIds = tokenIds;
    }

    internal long[] TokenIds { get; }

    /// <summary>What the encoder gave; null before, and when it has been given up.</summary>
    internal EncodedCaption? Given { get; set; }

    /// <inheritdoc/>
    protected override EncodedCaption GetResult() => Given!;

    /// <inheritdoc/>
    protected override void Discard()
    {
        Given?.Dispose();
        Given = null;
    }
}
