using System.Globalization;
using System.Runtime.InteropServices;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Queries;

/// <summary>Region features as supplied by the caller.</summary>
/// <param name="Values">float32, row-major.</param>
/// <param name="Shape">Sizes of the dimensions; null where only the number of values is known.</param>
public sealed record ImageFeatures(float[] Values, IReadOnlyList<long>? Shape)
{
    private const string Field = "features";

    /// <summary>Reads features as callers send them: a <c>.npy</c> file, or little-endian float32 row by row.</summary>
    /// <exception cref="InvalidInputException">Neither.</exception>
    public static ImageFeatures Read(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (NpyArray.IsNpy(bytes))
        {
            return ReadNpy(bytes, Field);
        }

        return bytes.Length % sizeof(float) == 0
            ? new ImageFeatures(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), null)
            : throw new InvalidInputException($"{bytes.Length} bytes are no whole number of float32, and no .npy file", field: Field);
    }

    /// <summary>Reads a <c>.npy</c> file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="field">What the error names.</param>
    /// <exception cref="InvalidInputException">It is none, or its numbers are no floating-point numbers.</exception>
    public static ImageFeatures ReadNpy(byte[] bytes, string field)
    {
        try
        {
            var array = NpyArray.Parse(bytes, field);
            return new ImageFeatures(array.ToSingles(), array.Shape);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, field: field, innerException: exception);
        }
    }

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
