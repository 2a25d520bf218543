using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The region features are well-formed, but the served model takes a different shape.</summary>
public sealed class FeatureShapeException(string found, int regions, int width)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"features: {found}; the model takes {regions} regions of {width} features: {regions} × {width} float32, {(long)regions * width * sizeof(float)} bytes"))
{
    /// <summary>Number of regions per image that the model takes.</summary>
    public int Regions { get; } = regions;

    /// <summary>Number of features per region that the model takes.</summary>
    public int Width { get; } = width;
}
