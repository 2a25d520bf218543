using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>A model and who needs it: the source that serves it, and every snapshot with a lease out. It goes with the last of them.</summary>
internal sealed class SharedModel(MatchingModel model)
{
    private int _holders = 1;

    public MatchingModel Model => model;

    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            model.Dispose();
        }
    }
}
