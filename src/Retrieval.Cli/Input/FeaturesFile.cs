using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Search.Queries;

namespace Retrieval.Cli.Input;

/// <summary>Region features of one image: a <c>.npy</c> file, <c>[R, W]</c>.</summary>
internal static class FeaturesFile
{
    // Of no detector: 1,000 regions of 16,384 features.
    private const long MostValues = 16 << 20;

    /// <summary>The features themselves.</summary>
    /// <exception cref="InvalidInputException">Not a floating-point array of the shape that the bundle requires.</exception>
    public static ImageFeatures Read(string path, BundleManifest manifest)
    {
        using var file = NpyFile.Open(path);
        if (!(file.Shape.Count == 2 && manifest.Regions.Contains(file.Shape[0]) && file.Shape[1] == manifest.RegionWidth))
        {
            // Before any of it is read: the header says how long the rest is.
            throw new InvalidInputException($"({string.Join(", ", file.Shape)}); expected ({manifest.Regions}, {manifest.RegionWidth})", file.Name, field: "shape");
        }

        file.RequireType(isFloat: true);
        var values = new float[(int)file.Shape[0] * manifest.RegionWidth];
        file.ReadRows(0, values.AsSpan());
        return new ImageFeatures(values, file.Shape);
    }

    /// <summary>The whole file, for a search, which checks its shape. A file that is no array of numbers is not read.</summary>
    /// <exception cref="InvalidInputException">Not a floating-point array.</exception>
    public static byte[] ReadWhole(string path)
    {
        using (var file = NpyFile.Open(path))
        {
            file.RequireType(isFloat: true);
            if (file.Shape.Aggregate(1L, (product, size) => product * size) > MostValues)
            {
                throw new InvalidInputException($"({string.Join(", ", file.Shape)}); expected the features of one image, [regions, features]", file.Name, field: "shape");
            }
        }

        return File.ReadAllBytes(path);
    }
}
