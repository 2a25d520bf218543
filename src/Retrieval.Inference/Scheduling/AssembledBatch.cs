
namespace Retrieval.Inference.Scheduling;

/// <summary>One call on its way to the device.</summary>
internal sealed class AssembledBatch(IBatcher batcher, List<WorkSlice> slices, IBatch call)
{
    public IBatcher Batcher { get; } = batcher;

    public List<WorkSlice> Slices { get; } = slices;

    public IBatch Call { get; } = call;

    public static long CostOf(List<WorkSlice> slices)
    {
        var cost = 0L;
        foreach (var (item, _, count) in slices)
        {
            cost += item.Cost * count / item.Units;
        }

        return cost;
    }
}
