namespace Retrieval.Search.Images;

/// <summary>What a request did to an image.</summary>
public enum ImageChangeKind
{
    /// <summary>There was none of this id.</summary>
    Created,

    /// <summary>It took the place of one.</summary>
    Replaced,

    /// <summary>It is gone.</summary>
    Deleted,
}
