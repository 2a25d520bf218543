namespace Retrieval.Domain.Bundles;

/// <summary>Reads <c>regions</c> of <c>bundle.json</c>: <c>count</c>, or <c>min</c> and <c>max</c>.</summary>
internal static class RegionRangeReader
{
    public static RegionRange Read(ManifestNode node)
    {
        if (!node.Has("min") && !node.Has("max"))
        {
            return node.Integer("count", 1, BundleManifestReader.LargestDimension);
        }

        if (node.Has("count"))
        {
            node.Fault("count", "must be absent where there are min and max");
        }

        var range = new RegionRange(node.Integer("min", 1, BundleManifestReader.LargestDimension), node.Integer("max", 1, BundleManifestReader.LargestDimension));
        if (range.Fewest >= range.Most)
        {
            node.Fault("max", $"must be above min, which is {range.Fewest}");
        }

        return range;
    }
}
