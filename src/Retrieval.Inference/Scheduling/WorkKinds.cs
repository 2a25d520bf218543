namespace Retrieval.Inference.Scheduling;

/// <summary>Kinds of work, as metrics name them in the label <c>kind</c>.</summary>
internal static class WorkKinds
{
    /// <summary>Scoring pairs.</summary>
    public const string Score = "score";

    /// <summary>Explaining pairs.</summary>
    public const string Explain = "explain";

    /// <summary>Encoding captions, and images that are queries.</summary>
    public const string Encode = "encode";

    /// <summary>Exclusive use of the device.</summary>
    public const string Exclusive = "turn";
}
