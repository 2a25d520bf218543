namespace Retrieval.Features.Statistics;

/// <summary>Sums over the regions of some images, to be compared with the statistics of those that a model learned from.</summary>
/// <param name="learned">What the model learned from.</param>
public sealed class FeatureSums(FeatureStatistics learned)
{
    private readonly double[] _sums = new double[learned.Mean.Count];
    private readonly List<double> _norms = [];

    /// <summary>Images added.</summary>
    public int Images { get; private set; }

    /// <summary>Adds an image.</summary>
    /// <param name="regions">Features <c>[R, W]</c>, row-major, of at least one region.</param>
    public void Add(ReadOnlySpan<float> regions)
    {
        var width = _sums.Length;
        ArgumentOutOfRangeException.ThrowIfZero(regions.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(regions.Length % width, 0);
        for (var start = 0; start < regions.Length; start += width)
        {
            var region = regions.Slice(start, width);
            var squares = 0.0;
            for (var i = 0; i < width; i++)
            {
                var value = (double)region[i];
                _sums[i] += value;
                squares += value * value;
            }

            _norms.Add(Math.Sqrt(squares));
        }

        Images++;
    }

    /// <summary>How what was added differs from what the model learned from; null before anything was added.</summary>
    public FeatureDifference? Compare()
    {
        if (_norms.Count == 0)
        {
            return null;
        }

        _norms.Sort();
        var median = Quantile(0.5);
        var scale = median / learned.MedianNorm;
        var own = Array.ConvertAll(_sums, sum => sum / _norms.Count);
        return new FeatureDifference(
            Images,
            median,
            scale,
            median > 0 ? (Quantile(0.95) - Quantile(0.05)) / median : 0,
            Correlation(own),
            scale > 0 ? Distance(own, scale) : 0);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_sums);
        _norms.Clear();
        Images = 0;
    }

    // The nearest of the sorted norms: thousands of them need no interpolation.
    private double Quantile(double part) => _norms[(int)Math.Round(part * (_norms.Count - 1))];

    // Pearson's, over the features.
    private double Correlation(double[] own)
    {
        var (ownMean, learnedMean) = (own.Average(), learned.Mean.Average(value => (double)value));
        double products = 0, ownSquares = 0, learnedSquares = 0;
        for (var i = 0; i < own.Length; i++)
        {
            var (x, y) = (own[i] - ownMean, learned.Mean[i] - learnedMean);
            products += x * y;
            ownSquares += x * x;
            learnedSquares += y * y;
        }

        return ownSquares > 0 && learnedSquares > 0 ? products / Math.Sqrt(ownSquares * learnedSquares) : 0;
    }

    // Between the means once both have one scale, in standard deviations of a region.
    private double Distance(double[] own, double scale)
    {
        double squares = 0, variance = 0;
        for (var i = 0; i < own.Length; i++)
        {
            var difference = (own[i] / scale) - learned.Mean[i];
            squares += difference * difference;
            variance += (double)learned.Deviation[i] * learned.Deviation[i];
        }

        return variance > 0 ? Math.Sqrt(squares / variance) : 0;
    }
}
