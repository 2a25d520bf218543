using Retrieval.Inference.Encoding;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>Encodes captions: those that are waiting are encoded together.</summary>
public sealed class CaptionBatcher(TextEncoder encoder) : IBatcher
{
    // The graph pads to the longest caption: a larger batch would be mostly padding, and the first caption would wait for the last.
    private const int CaptionsPerBatch = 32;

    /// <inheritdoc/>
    public string Kind => WorkKinds.Encode;

    /// <inheritdoc/>
    public int MaxBatchSize => CaptionsPerBatch;

    /// <inheritdoc/>
    public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => new CaptionBatch(encoder, slices);

    private sealed class CaptionBatch(TextEncoder encoder, IReadOnlyList<WorkSlice> slices) : IBatch
    {
        public void Run()
        {
            var captions = slices.Select(slice => ((CaptionItem)slice.Item).TokenIds).ToArray();
            var batch = encoder.Encode(captions);
            EncodedCaption[] encoded;
            try
            {
                encoded = EncodedCaption.Of(batch);
            }
            catch
            {
                batch.Dispose();
                throw;
            }

            for (var i = 0; i < encoded.Length; i++)
            {
                ((CaptionItem)slices[i].Item).Given = encoded[i];
            }
        }

        public void Dispose()
        {
        }
    }
}
