using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Features.Statistics;

namespace Retrieval.Inference.Bundles;

/// <summary>Statistics of the features that a bundle's model learned from.</summary>
internal static class BundleStatistics
{
    /// <summary>Reads them; null if the bundle has none.</summary>
    /// <exception cref="InvalidBundleException">The file is none of such statistics, or is of regions of another width.</exception>
    public static FeatureStatistics? Read(VerifiedBundle bundle)
    {
        if (bundle.Manifest.StatisticsFile is not { } file)
        {
            return null;
        }

        try
        {
            using var stream = new MemoryStream(bundle.Content(file), writable: false);
            using var arrays = NpzFile.Open(stream, file);
            return FeatureStatistics.Read(arrays, bundle.Manifest.RegionWidth);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidBundleException(bundle.Path, exception.File is null ? $"{file}: {exception.Message}" : exception.Message, exception);
        }
    }
}
