using Retrieval.Inference.Records;

namespace Retrieval.Search.Snapshots;

/// <summary>Kinds of stored data that can be damaged: names in metrics and in the log.</summary>
public static class StoredData
{
    /// <summary>An image's coarse embedding gives no finite inner product.</summary>
    public const string ImageEmbedding = "image_embedding";

    /// <summary>A caption's coarse embedding gives no finite inner product.</summary>
    public const string CaptionEmbedding = "caption_embedding";

    /// <summary>A field of an image's record contains a value that is not finite.</summary>
    public const string ImageRecord = "image_record";

    /// <summary>A field of a caption's record contains a value that is not finite.</summary>
    public const string CaptionRecord = "caption_record";

    /// <summary>An image's metadata, or the end of its metadata or captions, cannot be read.</summary>
    public const string ImageMetadata = "image_metadata";

    /// <summary>An image's id or metadata cannot be returned.</summary>
    public const string ImageText = "image_text";

    /// <summary>A caption's text, or the reference to its image, cannot be returned.</summary>
    public const string CaptionText = "caption_text";

    /// <summary>All stored data of a pair is finite, but its score is not.</summary>
    public const string Score = "score";

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<string> All { get; } = [ImageEmbedding, CaptionEmbedding, ImageRecord, CaptionRecord, ImageMetadata, ImageText, CaptionText, Score];

    /// <summary>The embeddings of one side.</summary>
    public static string EmbeddingOf(RecordSide side) => side == RecordSide.Image ? ImageEmbedding : CaptionEmbedding;

    /// <summary>The records of one side.</summary>
    public static string RecordOf(RecordSide side) => side == RecordSide.Image ? ImageRecord : CaptionRecord;
}
