using System.Globalization;
using Retrieval.Features.Sources;
using Retrieval.Features.Statistics;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// Compares the features that a run reads with those that the model learned from, a block of images after the other, and warns of
/// those that are unlike them. Nothing is refused: a corpus may differ for good reasons. Safe for any number of threads.
/// </summary>
/// <param name="learned">Statistics of the bundle.</param>
/// <param name="warnings">Receives at most one text of each kind.</param>
internal sealed class FeatureWatch(FeatureStatistics learned, RunWarnings warnings)
{
    private const int Block = 256;

    // Of fewer images, the means say more about what is on them than about the detector.
    private const int LeastForMeans = 16;

    // Blocks of images of one detector stay far within: docs/features.md has what was measured.
    private const double LargestScale = 1.5;
    private const double LeastCorrelation = 0.8;
    private const double LargestDistance = 0.5;
    private const double LeastRelativeSpread = 0.1;

    private readonly Lock _gate = new();
    private readonly FeatureSums _sums = new(learned);
    private (bool Scale, bool Means) _warned;
    private FeatureDifference? _largest;
    private long _images;

    /// <summary>Adds the images of a window.</summary>
    public void Add(IEnumerable<ImageSample> samples)
    {
        lock (_gate)
        {
            foreach (var sample in samples)
            {
                _sums.Add(sample.Regions.Span);
                if (_sums.Images == Block)
                {
                    Compare();
                }
            }
        }
    }

    /// <summary>The block that differs most; null without images. Call when the run has read all its rows.</summary>
    public FeatureDifference? End()
    {
        lock (_gate)
        {
            // A rest that is smaller than the blocks before it differs by chance alone.
            if (_sums.Images > 0 && (_largest is null || _sums.Images >= Block / 2))
            {
                Compare();
            }

            return _largest;
        }
    }

    private void Compare()
    {
        var difference = _sums.Compare()!;
        var (first, last) = (_images + 1, _images + difference.Images);
        _images = last;
        _sums.Clear();
        _largest = _largest is null || Size(difference) > Size(_largest) ? difference : _largest;
        var where = string.Create(CultureInfo.InvariantCulture, $"{(first == last ? $"image {first}" : $"images {first} to {last}")} that this run read");
        if (!_warned.Scale && OtherScale(difference) is { } scale)
        {
            _warned.Scale = true;
            warnings.Add($"the features of {where} are of another scale than those that the model learned from: {scale}");
        }

        if (!_warned.Means && difference.Images >= LeastForMeans && (difference.Correlation < LeastCorrelation || difference.Distance > LargestDistance))
        {
            _warned.Means = true;
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"the features of {where} look like those of another detector, layer or order of channels: their means correlate by {difference.Correlation:0.00} with those that the model learned from (expected at least {LeastCorrelation}), and are {difference.Distance:0.00} standard deviations away (expected at most {LargestDistance})"));
        }
    }

    private string? OtherScale(FeatureDifference difference)
    {
        var norms = string.Create(CultureInfo.InvariantCulture, $"the median norm of a region is {difference.MedianNorm:G4}, expected about {learned.MedianNorm:G4}");
        if (difference.NormSpread < LeastRelativeSpread * learned.NormSpread)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{norms}, and all norms are within {100 * difference.NormSpread:0.##} % of each other, expected {100 * learned.NormSpread:0} %: they look normalised");
        }

        return difference.Scale is > LargestScale or < 1 / LargestScale
            ? string.Create(CultureInfo.InvariantCulture, $"{norms} ({difference.Scale:G3} times)")
            : null;
    }

    private static double Size(FeatureDifference difference) =>
        Math.Abs(Math.Log(Math.Max(difference.Scale, double.Epsilon))) + difference.Distance + (1 - difference.Correlation);
}
