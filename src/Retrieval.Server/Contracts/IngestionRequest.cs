using System.Text.Json.Serialization;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>A source to be ingested into the served index.</summary>
/// <param name="Source">Where the images come from.</param>
/// <param name="Replace">Whether an image replaces one that another source wrote; otherwise it is rejected.</param>
/// <param name="Restart">Read the source from its first row again; unchanged images are skipped.</param>
/// <param name="BatchRows">Rows encoded together; 32 if omitted. A resumed run keeps its original number.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IngestionRequest(IngestionSourceRequest Source, bool? Replace = null, bool? Restart = null, int? BatchRows = null)
{
    /// <summary>How many rows may be encoded together.</summary>
    internal static readonly WholeNumberBound BatchRowsBound = new(1, IngestionOptions.MostBatchRows);
}
