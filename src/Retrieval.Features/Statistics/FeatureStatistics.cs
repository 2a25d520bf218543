using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Statistics;

/// <summary>
/// Statistics of the region features that a model learned from, as its bundle holds them. Features of another detector or scale
/// have other ones, and a model that is given those finds nothing without any error.
/// </summary>
public sealed class FeatureStatistics
{
    private const int Quantiles = 5;
    private const int Median = 2;

    private FeatureStatistics(long images, float[] mean, float[] deviation, float[] norms) => (Images, Mean, Deviation, Norms) = (images, mean, deviation, norms);

    /// <summary>How many images they are of.</summary>
    public long Images { get; }

    /// <summary>Mean of each feature over all regions, <c>[W]</c>.</summary>
    public IReadOnlyList<float> Mean { get; }

    /// <summary>Standard deviation of each feature, <c>[W]</c>.</summary>
    public IReadOnlyList<float> Deviation { get; }

    /// <summary>The quantiles 5, 25, 50, 75 and 95 % of the regions' Euclidean norms.</summary>
    public IReadOnlyList<float> Norms { get; }

    /// <summary>The median norm.</summary>
    public float MedianNorm => Norms[Median];

    /// <summary>Difference of the outer quantiles of the norms, relative to the median: 0 where all regions have one norm.</summary>
    public double NormSpread => (Norms[^1] - Norms[0]) / (double)MedianNorm;

    /// <summary>Reads the arrays <c>images</c>, <c>mean</c>, <c>deviation</c> and <c>norms</c>.</summary>
    /// <param name="arrays">The file.</param>
    /// <param name="width">Features of a region, W.</param>
    /// <exception cref="InvalidInputException">An array is missing, of another shape, or holds what no statistics hold.</exception>
    public static FeatureStatistics Read(NpzFile arrays, int width)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        var images = arrays.Read("images").RequireShape().ToInt64s()[0];
        var (mean, deviation, norms) = (Singles("mean", width), Singles("deviation", width), Singles("norms", Quantiles));
        if (images < 1 || deviation.Any(value => value < 0) || norms[0] < 0 || norms.Zip(norms.Skip(1)).Any(pair => pair.First > pair.Second) || norms[Median] == 0)
        {
            throw new InvalidInputException("are no statistics of features: expected at least one image, deviations from 0, and norms in ascending order with a median above 0", field: "deviation, norms");
        }

        return new FeatureStatistics(images, mean, deviation, norms);

        float[] Singles(string name, int length)
        {
            var values = arrays.Read(name).RequireShape(length).ToSingles();
            return values.All(float.IsFinite) ? values : throw new InvalidInputException("holds a value that is not finite", field: name);
        }
    }
}
