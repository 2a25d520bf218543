namespace Retrieval.Search.Queries;

/// <summary>Where the shortlist of a search comes from.</summary>
public static class ShortlistKinds
{
    /// <summary>By pgvector where there is a catalog, otherwise exactly.</summary>
    public const string Auto = "auto";

    /// <summary>By the nearest-neighbour indexes of the catalog; by the local index while the catalog does not answer.</summary>
    public const string Pgvector = "pgvector";

    /// <summary>By comparing with every embedding of the local index.</summary>
    public const string Exact = "exact";
}
