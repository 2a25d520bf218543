namespace Retrieval.Domain.Images;

/// <summary>Type of a value of metadata.</summary>
public enum MetadataKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,
}
