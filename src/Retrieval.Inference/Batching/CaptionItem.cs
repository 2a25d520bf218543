using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>A caption to encode.</summary>
public sealed class CaptionItem : WorkItem<EncodedCaption>
{
    /// <summary>
    /// Cost of one caption, in pairs: on two cores at D=1024 a caption took 5 ms, as long as 13 pairs
    /// (docs/benchmarks.md).
    /// </summary>
    public const long CostOfOne = 16;

    /// <summary>Creates the item.</summary>
    /// <param name="batcher">The encoder.</param>
    /// <param name="tokenIds">Token ids, including the start and end tokens.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public CaptionItem(IBatcher batcher, long[] tokenIds, WorkLimits limits)
        : base(batcher, 1, CostOfOne, limits)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        TokenIds = tokenIds;
    }

    internal long[] TokenIds { get; }

    /// <summary>The encoder's result; null before that, and if the item was abandoned.</summary>
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
