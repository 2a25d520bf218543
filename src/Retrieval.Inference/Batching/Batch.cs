namespace Retrieval.Inference.Batching;

/// <summary>One call on its way to the device.</summary>
internal sealed class Batch(ILane lane, List<WorkSlice> slices, IDeviceCall call)
{
    public ILane Lane { get; } = lane;

    public List<WorkSlice> Slices { get; } = slices;

    public IDeviceCall Call { get; } = call;

    public static long CostOf(List<WorkSlice> slices)
    {
        var cost = 0L;
        foreach (var (item, _, count) in slices)
        {
            cost += item.Cost * count / item.Pieces;
        }

        return cost;
    }
}
