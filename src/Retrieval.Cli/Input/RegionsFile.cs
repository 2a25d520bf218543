using System.Globalization;
using System.Numerics.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Input;

/// <summary>Region features of images as one array, <c>[I, R, W]</c>, read in blocks and checked as it is read.</summary>
internal sealed class RegionsFile : IDisposable
{
    private readonly NpyFile _file;
    private readonly int _width;

    private RegionsFile(NpyFile file)
    {
        _file = file;
        _width = (int)file.Shape[2];
    }

    public string Name => _file.Name;

    public int Images => (int)_file.RowCount;

    /// <summary>Regions of every image.</summary>
    public int Regions => (int)_file.Shape[1];

    /// <exception cref="InvalidInputException">Not a floating-point array of the shape that the bundle requires.</exception>
    public static RegionsFile Open(string path, BundleManifest manifest)
    {
        var file = NpyFile.Open(path);
        try
        {
            var shape = file.Shape;
            if (shape.Count != 3 || shape[0] is 0 or > int.MaxValue || !manifest.Regions.Contains(shape[1]) || shape[2] != manifest.RegionWidth)
            {
                throw new InvalidInputException(
                    $"({string.Join(", ", shape)}); expected (images, {manifest.Regions}, {manifest.RegionWidth}) with at least one image", file.Name, field: "shape");
            }

            file.RequireType(isFloat: true);
            return new RegionsFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the images <c>[first, first + count)</c>.</summary>
    /// <exception cref="InvalidInputException">A value is not finite.</exception>
    public void Read(long first, int count, Span<float> regions)
    {
        _file.ReadRows(first, regions);
        var size = regions.Length / count;
        for (var i = 0; i < count; i++)
        {
            var image = regions.Slice(i * size, size);

            // The largest magnitude is NaN if any value is, and infinite if any value is.
            if (!float.IsFinite(TensorPrimitives.MaxMagnitude<float>(image)))
            {
                throw NotFinite(image, first + i);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private InvalidInputException NotFinite(ReadOnlySpan<float> image, long row)
    {
        var at = 0;
        while (float.IsFinite(image[at]))
        {
            at++;
        }

        return new InvalidInputException(
            string.Create(CultureInfo.InvariantCulture, $"feature {at % _width} of region {at / _width} is {image[at]}; expected a finite number"), _file.Name, row);
    }
}
