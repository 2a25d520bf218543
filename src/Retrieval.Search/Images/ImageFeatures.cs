using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Images;

/// <summary>Region features as supplied by the caller.</summary>
/// <param name="Values">float32, row-major.</param>
/// <param name="Shape">Sizes of the dimensions; null where only the number of values is known.</param>
public sealed record ImageFeatures(float[] Values, IReadOnlyList<long>? Shape)
{
    private const string Field = "features";

    /// <summary>Requires that a model can take them.</summary>
    /// <param name="manifest">The model's bundle.</param>
    /// <exception cref="FeatureShapeException">They are not of the model's shape.</exception>
    /// <exception cref="InvalidInputException">A value is not finite.</exception>
    internal void Require(BundleManifest manifest)
    {
        var (regions, width) = (manifest.Regions, manifest.RegionWidth);
        if (Shape is { } shape && !(shape.Count == 2 && regions.Contains(shape[0]) && shape[1] == width))
        {
            throw new FeatureShapeException($"found the shape ({string.Join(", ", shape)})", regions, width);
        }

        if (Values.Length % width != 0 || !regions.Contains(Values.Length / width))
        {
            throw new FeatureShapeException(string.Create(CultureInfo.InvariantCulture, $"found {Values.Length} values"), regions, width);
        }

        if (SampleRules.CheckFinite(Values, width, "feature") is { } fault)
        {
            throw new InvalidInputException(fault, field: Field);
        }
    }
}
