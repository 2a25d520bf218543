namespace Retrieval.Storage.Postgres.Searching;

/// <summary>Which embeddings of an index are searched.</summary>
public enum CatalogItems
{
    /// <summary>One embedding an image.</summary>
    Images,

    /// <summary>One embedding a caption.</summary>
    Captions,
}
