using Retrieval.Inference.Explaining;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>Explains pairs, one by one: few are asked for, and a pair's outputs may be large.</summary>
public sealed class ExplainBatcher(PairExplainer explainer) : IBatcher
{
    /// <inheritdoc/>
    public string Kind => WorkKinds.Explain;

    /// <inheritdoc/>
    public int MaxBatchSize => 1;

    /// <inheritdoc/>
    public IBatch Assemble(IReadOnlyList<WorkSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        return new ExplainBatch(explainer, (ExplainItem)slices[0].Item);
    }

    private sealed class ExplainBatch(PairExplainer explainer, ExplainItem item) : IBatch
    {
        public void Run() => item.Given = explainer.Explain(item.Image, item.Caption);

        public void Dispose()
        {
        }
    }
}
