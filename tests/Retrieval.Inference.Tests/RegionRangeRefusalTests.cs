using System.Text.Json.Nodes;

namespace Retrieval.Inference.Tests;

/// <summary>What a bundle may not say of the numbers of regions of its images.</summary>
[Trait("Promise", "10")]
public sealed class RegionRangeRefusalTests
{
    [Theory]
    [InlineData("""{"min": 10, "width": 64}""", "$.regions.max must be a whole number")]
    [InlineData("""{"max": 100, "width": 64}""", "$.regions.min must be a whole number")]
    [InlineData("""{"min": 10, "max": 10, "width": 64}""", "$.regions.max must be above min, which is 10")]
    [InlineData("""{"min": 100, "max": 10, "width": 64}""", "$.regions.max must be above min, which is 100")]
    [InlineData("""{"min": 0, "max": 100, "width": 64}""", "$.regions.min must be a whole number from 1")]
    [InlineData("""{"count": 36, "min": 10, "max": 100, "width": 64}""", "$.regions.count must be absent where there are min and max")]
    [InlineData("""{"count": 36, "width": 64}""", "must not have image fields with a row a region where all images have regions.count of them")]
    public void A_range_that_is_none_is_refused(string regions, string said)
    {
        using var bundle = new BundleCopy(Bundles.AnyRegions);
        bundle.Manifest(manifest => manifest["regions"] = JsonNode.Parse(regions));
        bundle.Refused("bundle.json", said);
    }

    [Theory]
    [InlineData("image", "words")]
    [InlineData("caption", "regions")]
    public void A_row_of_the_other_side_is_refused(string side, string row)
    {
        using var bundle = new BundleCopy(Bundles.AnyRegions);
        bundle.Manifest(manifest => manifest["records"]![side]![0]!["shape"]![0] = row);
        bundle.Refused("bundle.json", $"records.{side}[0]");
    }

    [Fact]
    public void An_explainer_needs_one_number_of_regions()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest => manifest["regions"] = new JsonObject { ["min"] = 10, ["max"] = 36, ["width"] = 64 });
        bundle.Refused("$.graphs.explainer needs a fixed number of regions, regions.count");
    }

    [Fact]
    public void A_bundle_of_a_fixed_number_of_regions_is_none_of_a_range()
    {
        using var bundle = new BundleCopy(Bundles.Vectors);
        bundle.Manifest(manifest => manifest["regions"] = new JsonObject { ["min"] = 10, ["max"] = 36, ["width"] = 64 });
        bundle.Refused("parity.npz/region_counts");
    }

    [Fact]
    public void Recorded_numbers_of_regions_that_are_missing_or_out_of_the_range_are_refused()
    {
        using var bundle = new BundleCopy(Bundles.AnyRegions);
        var original = File.ReadAllBytes(bundle["parity.npz"]);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.Without(npz, "region_counts"));
        bundle.Refused("parity.npz", "region_counts");
        foreach (var wrong in new[] { 9L, 101, -1, long.MaxValue })
        {
            bundle.EditWithHash("parity.npz", _ => NpzBytes.WithInt64s(original, "region_counts", counts =>
            {
                counts[1] = wrong;
                return counts;
            }));
            bundle.Refused("parity.npz", "region_counts", $"is {wrong}; expected 10 to 100");
        }
    }
}
