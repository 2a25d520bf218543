using Retrieval.Domain.Images;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Images;

/// <summary>A complete image to store; it replaces any image with the same id.</summary>
/// <param name="Id">Its id, with the same rules as in ingestion.</param>
/// <param name="Features">Its region features.</param>
public sealed record SubmittedImage(string Id, ImageFeatures Features)
{
    /// <summary>Its captions, in order.</summary>
    public IReadOnlyList<string> Captions { get; init; } = [];

    /// <summary>Names and values for filters.</summary>
    public IReadOnlyDictionary<string, MetadataValue>? Metadata { get; init; }

    /// <summary>Corners x1, y1, x2, y2 of each region, <c>[R][4]</c>; null if there are none.</summary>
    public IReadOnlyList<IReadOnlyList<float>>? Boxes { get; init; }
}
