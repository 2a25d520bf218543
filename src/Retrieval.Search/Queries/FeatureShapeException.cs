using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The region features are well-formed, but the served model takes a different shape.</summary>
public sealed class FeatureShapeException(string found, RegionRange regions, int width)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"features: {found}; the model takes {regions} regions of {width} features: {regions} × {width} float32, {Bytes(regions, width)} bytes"))
{
    /// <summary>Number of regions per image that the model takes.</summary>
    public RegionRange Regions { get; } = regions;

    /// <summary>Number of features per region that the model takes.</summary>
    public int Width { get; } = width;

    private static string Bytes(RegionRange regions, int width)
    {
        var each = (long)width * sizeof(float);
        return regions.IsFixed
            ? (regions.Most * each).ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{regions.Fewest * each} to {regions.Most * each}");
    }
}
