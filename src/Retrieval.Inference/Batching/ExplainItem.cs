using Retrieval.Inference.Explaining;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>One pair to explain.</summary>
public sealed class ExplainItem : WorkItem<Explanation>
{
    /// <summary>Cost of one pair, in pairs of a scorer: the graph is run for it alone, with all that it computes as outputs.</summary>
    public const long CostOfOne = 8;

    /// <summary>Creates the item.</summary>
    /// <param name="batcher">A <see cref="BatcherOf"/> the explainer.</param>
    /// <param name="image">The image's record, a table of one. Must stay alive until the task has ended.</param>
    /// <param name="caption">The caption's record, a table of one. Must stay alive until the task has ended.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    public ExplainItem(SingleBatcher<ExplainItem> batcher, RecordTable image, RecordTable caption, WorkLimits limits)
        : base(batcher, 1, CostOfOne, limits)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(caption);
        Image = image;
        Caption = caption;
    }

    /// <summary>Explains such items.</summary>
    public static SingleBatcher<ExplainItem> BatcherOf(PairExplainer explainer)
    {
        ArgumentNullException.ThrowIfNull(explainer);
        return new(WorkKinds.Explain, item => item.Given = explainer.Explain(item.Image, item.Caption));
    }

    internal RecordTable Image { get; }

    internal RecordTable Caption { get; }

    /// <summary>The result; null before that.</summary>
    internal Explanation? Given { get; set; }

    /// <inheritdoc/>
    protected override Explanation GetResult() => Given!;
}
