namespace Retrieval.Inference.Scheduling;

/// <summary>A batch on its way to the device, with its units.</summary>
internal sealed class AssembledBatch(IBatcher batcher, List<WorkSlice> slices, IBatch batch)
{
    public IBatcher Batcher { get; } = batcher;

    public List<WorkSlice> Slices { get; } = slices;

    public IBatch Batch { get; } = batch;

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
