using Retrieval.Domain.Bundles;

namespace Retrieval.Features.Sources;

/// <summary>What a model requires of every image. A number that is not set is taken from the source.</summary>
public sealed record FeatureExpectation
{
    /// <summary>No expectations.</summary>
    public static FeatureExpectation None { get; } = new();

    /// <summary>Regions of each image.</summary>
    public RegionRange? RegionCount { get; init; }

    /// <summary>Features of each region.</summary>
    public int? RegionWidth { get; init; }

    /// <summary>Captions of each image, for sources where captions belong to images by their order.</summary>
    public int? CaptionsPerImage { get; init; }
}
