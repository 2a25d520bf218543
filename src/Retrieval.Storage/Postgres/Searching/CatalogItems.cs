namespace Retrieval.Storage.Postgres.Searching;

/// <summary>Which embeddings of an index are searched.</summary>
public enum CatalogItems
{
    /// <summary>One embedding per image.</summary>
    Images,

    /// <summary>One embedding per caption.</summary>
    Captions,
}
