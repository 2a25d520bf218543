using Retrieval.Domain.Images;

namespace Retrieval.Features.Sources;

/// <summary>One image with its data. All numbers are finite.</summary>
/// <param name="Row">The image's position in its source, from 0.</param>
/// <param name="Id">The image's id, unique within its source; 1 … 256 characters, none of them a control character.</param>
public sealed record ImageSample(long Row, string Id) : SourceItem(Row)
{
    /// <summary>Features of the regions, <c>[RegionCount, RegionWidth]</c>, row-major. Owned by the receiver.</summary>
    public required ReadOnlyMemory<float> Regions { get; init; }

    /// <summary>Number of regions.</summary>
    public required int RegionCount { get; init; }

    /// <summary>Features of one region.</summary>
    public required int RegionWidth { get; init; }

    /// <summary>The captions in order; none if the source has none for this image.</summary>
    public IReadOnlyList<string> Captions { get; init; } = [];

    /// <summary>
    /// Corners x₁ y₁ x₂ y₂ of each region, <c>[RegionCount, 4]</c>, row-major, in the source's own unit; null if the source has
    /// none.
    /// </summary>
    public ReadOnlyMemory<float>? Boxes { get; init; }

    /// <summary>What of the row was left out while the image could be used: captions.</summary>
    public IReadOnlyList<RejectedSample> LeftOut { get; init; } = [];

    /// <summary>Names and values that the source gives for the image; null if it gives none.</summary>
    public IReadOnlyDictionary<string, MetadataValue>? Metadata { get; init; }
}
