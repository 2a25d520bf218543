using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Images;

/// <summary>Region features that are well-formed, and not what the model that is served takes.</summary>
public sealed class FeatureShapeException(string found, int regions, int width)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"features: {found}; the model takes {regions} regions of {width} features: {regions} × {width} float32, {(long)regions * width * sizeof(float)} bytes"))
{
    /// <summary>Regions of an image that the model takes.</summary>
    public int Regions { get; } = regions;

    /// <summary>Features of a region that the model takes.</summary>
    public int Width { get; } = width;
}
