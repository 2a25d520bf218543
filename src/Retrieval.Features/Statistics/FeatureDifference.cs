namespace Retrieval.Features.Statistics;

/// <summary>How the features of some images differ from those that a model learned from.</summary>
/// <param name="Images">Images that were looked at.</param>
/// <param name="MedianNorm">Their regions' median Euclidean norm.</param>
/// <param name="Scale">That norm relative to what the model learned from: 1 where they are alike.</param>
/// <param name="NormSpread">Difference of the quantiles 95 and 5 % of the norms, relative to the median.</param>
/// <param name="Correlation">Pearson's correlation of the features' means, over the features: 1 where they are alike.</param>
/// <param name="Distance">Distance of the features' means, scale aside, in standard deviations of a region: 0 where they are alike.</param>
public sealed record FeatureDifference(long Images, double MedianNorm, double Scale, double NormSpread, double Correlation, double Distance);
