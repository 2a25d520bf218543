using System.Text.Json.Serialization;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>A source to be ingested into the index that is served.</summary>
/// <param name="Source">Where the images come from.</param>
/// <param name="Replace">Whether an image takes the place of one that another source wrote; otherwise it is rejected.</param>
/// <param name="Restart">Read the source from its first row again; images that are unchanged are skipped.</param>
/// <param name="BatchRows">Rows encoded together; 32 if left out. A run that is resumed keeps to the number it began with.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IngestionRequest(IngestionSourceRequest Source, bool? Replace = null, bool? Restart = null, int? BatchRows = null)
{
    /// <summary>How many rows may be encoded together.</summary>
    internal static readonly WholeNumberBound BatchRowsBound = new(1, 4096);
}
