namespace Retrieval.Search.Images;

/// <summary>What a request did to an image.</summary>
public enum ImageChangeKind
{
    /// <summary>No image had this id.</summary>
    Created,

    /// <summary>It replaced an image with this id.</summary>
    Replaced,

    /// <summary>The image was deleted.</summary>
    Deleted,
}
