using System.Text.Json.Serialization;

namespace Retrieval.Search.Shortlists;

/// <summary>Where the shortlist of a search comes from.</summary>
public enum ShortlistKind
{
    /// <summary>By pgvector if there is a catalog, otherwise exact.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>By the nearest-neighbour indexes of the catalog; by the local index while the catalog does not answer.</summary>
    [JsonStringEnumMemberName("pgvector")]
    Pgvector,

    /// <summary>By comparing with every embedding of the local index.</summary>
    [JsonStringEnumMemberName("exact")]
    Exact,
}
