namespace Retrieval.Inference.Records;

/// <summary>Which of the two sides of a pair a record describes.</summary>
public enum RecordSide
{
    /// <summary>An image.</summary>
    Image,

    /// <summary>A caption.</summary>
    Caption,
}
