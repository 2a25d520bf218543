using Retrieval.Inference.Records;

namespace Retrieval.Search.Queries;

/// <summary>The image or the caption of a pair, ready for the explainer.</summary>
/// <param name="record">Its record, a table of one.</param>
/// <param name="embedding">Its coarse embedding, <c>[E]</c>.</param>
/// <param name="owner">What holds the record's memory; disposed of with this.</param>
internal sealed class PairSide(RecordTable record, ReadOnlyMemory<float> embedding, IDisposable owner) : IDisposable
{
    public RecordTable Record => record;

    public ReadOnlyMemory<float> Embedding => embedding;

    public void Dispose() => owner.Dispose();
}
