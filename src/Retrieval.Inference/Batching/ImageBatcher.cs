using Retrieval.Inference.Encoding;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Batching;

/// <summary>Encodes images that are queries, one by one.</summary>
public sealed class ImageBatcher(ImageEncoder encoder) : IBatcher
{
    /// <inheritdoc/>
    public string Kind => WorkKinds.Encode;

    /// <inheritdoc/>
    public int MaxBatchSize => 1;

    /// <inheritdoc/>
    public IBatch Assemble(IReadOnlyList<WorkSlice> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        return new ImageBatch(encoder, (ImageItem)slices[0].Item);
    }

    private sealed class ImageBatch(ImageEncoder encoder, ImageItem item) : IBatch
    {
        public void Run() => item.Given = encoder.Encode(item.Regions);

        public void Dispose()
        {
        }
    }
}
